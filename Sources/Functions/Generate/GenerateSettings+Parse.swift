// Checks the settings file: every mistake with its line, its key, and what may stand there.
internal import EdgeFunction
internal import EdgeLoop
internal import FileReading
internal import JSON

extension GenerateSettings {
    /// - Parameter file: its name in messages.
    /// - Throws: all mistakes at once.
    static func parse(
        _ bytes: [UInt8],
        file: String = "generate.json",
        providers: [ProviderEntry] = KnownProviders.all
    ) throws(FileMistakes) -> GenerateSettings {
        try FileSection.readingRoot(of: bytes, file: file, example: #"{ "models": { ... } }"#) { root in
            var reading = SettingsReading(providers: providers)
            if let section = root.section("models") { reading.models(section) }
            if let section = root.section("presets") { reading.presets(section) }
            if var section = root.section("route") { reading.route(&section) }
            if let section = root.section("quotas") { reading.quotas(section) }
            for var section in root.sections("prices") { reading.price(&section) }
            if var section = root.section("results") { reading.results(&section) }
            return reading.settings
        }
    }
}

/// The settings as far as they have been read. Models come first: a price may name an alias.
private struct SettingsReading {
    let providers: [ProviderEntry]
    var settings = GenerateSettings()

    private var names: [String] { providers.map(\.name) }

    mutating func models(_ aliases: FileSection) {
        var aliases = aliases
        for alias in aliases.object.keys {
            guard var section = aliases.section(alias) else { continue }
            var ids: [String: String] = [:]
            for name in section.object.keys {
                guard let provider = provider(name, in: section),
                    let id = section.text(name, example: "write the provider's own id of the model")
                else { continue }
                if let reason = provider.ids.mistake(in: id, isOnly: false) {
                    section.note("\(quoted(id)) is no id of \(name): \(reason)", name)
                } else {
                    ids[name] = id
                }
            }
            if section.object.isEmpty {
                aliases.note("points nowhere; write { \(quoted(names[0])): \"<id>\" }, with one of \(list)", alias)
            }
            settings.models[alias] = ids
        }
    }

    mutating func presets(_ presets: FileSection) {
        var presets = presets
        for name in presets.object.keys {
            guard let section = presets.section(name) else { continue }
            for (field, value) in section.object.members.map({ ($0.key, $0.value) }) {
                do {
                    try RequestFields.check(field, value, providers: names)
                } catch {
                    section.note(error.description, field)
                }
            }
            settings.presets[name] = section.object
        }
    }

    mutating func route(_ section: inout FileSection) {
        let names = names
        if section.object["use"] != nil {
            let use = section.texts("use") { names.contains($0) ? nil : notOne($0, of: names) }
            if section.object["use"]?.array?.isEmpty == true {
                section.note("names no provider; write some of \(list), or leave it out", "use")
            }
            settings.route.use = use
        } else {
            _ = section.value("use")
        }
        settings.route.choose = section.choice("choose", default: Lane.Choice.order)
        if var weights = section.section("weights") {
            for name in weights.object.keys where provider(name, in: weights) != nil {
                settings.route.weights[name] = weights.number(name, in: 0...1000)
            }
        }
        section.refuseUnknownKeys()
    }

    mutating func quotas(_ quotas: FileSection) {
        var quotas = quotas
        for name in quotas.object.keys where provider(name, in: quotas) != nil {
            guard var section = quotas.section(name) else { continue }
            settings.quotas[name] = Quota(
                every: section.duration("every", in: .milliseconds(1)...(.seconds(3600)), example: .seconds(2)),
                hour: section.count("hour", in: 1...100_000),
                day: section.count("day", in: 1...100_000),
                atOnce: section.count("atOnce", in: 1...100_000)
            )
            section.refuseUnknownKeys()
        }
    }

    mutating func price(_ section: inout FileSection) {
        let name = section.text("provider", example: "write one of \(list)")
        let model = section.text("model", example: "write an alias, or the provider's own id of the model")
        let width = section.count("width", in: 1...16_384)
        let height = section.count("height", in: 1...16_384)
        let steps = section.count("steps", in: 1...1000)
        let loras = section.count("loras", in: 0...20)
        let cost = section.count("microdollars", in: 0...1_000_000_000)
        defer { section.refuseUnknownKeys() }
        if section.object["microdollars"] == nil {
            section.note("has no microdollars; write what one image costs, in millionths of a dollar")
        }
        guard let name else {
            if section.object["provider"] == nil { section.note("has no provider; write one of \(list)") }
            return
        }
        guard let provider = provider(name, in: section, key: "provider") else { return }
        var id = model
        if let model, let ids = settings.models[model] {
            id = ids[name]
            if id == nil { section.note("\(quoted(model)) has no model at \(name); write its id", "model") }
        } else if let model, let reason = provider.ids.mistake(in: model, isOnly: true) {
            section.note("\(quoted(model)) is no alias, and no id of \(name): \(reason)", "model")
        }
        guard let cost else { return }
        settings.prices.rows.append(
            PriceSheet.Row(
                provider: name,
                model: id,
                width: width,
                height: height,
                steps: steps,
                loras: loras ?? 0,
                microdollars: Int64(cost)
            )
        )
    }

    mutating func results(_ section: inout FileSection) {
        settings.resultNetworks = section.texts("allow") {
            AddressRange($0) == nil ? "\(quoted($0)) is no network; write for example \"10.0.0.0/8\"" : nil
        }.compactMap { AddressRange($0) }
        section.refuseUnknownKeys()
    }

    private var list: String { names.joined(separator: ", ") }

    /// Notes a name that is no provider's, at its own key or at another one.
    private func provider(_ name: String, in section: FileSection, key: String? = nil) -> ProviderEntry? {
        let known = providers.first { $0.name == name }
        if known == nil { section.note(notOne(name, of: names), key ?? name) }
        return known
    }
}
