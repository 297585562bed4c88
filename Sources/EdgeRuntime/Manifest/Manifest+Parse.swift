// Reads functions.json and tells all of its mistakes at once.
package import FileReading
internal import JSON

extension Manifest {
    /// Reads a manifest.
    ///
    /// - Parameter file: its name in messages.
    /// - Throws: all mistakes, each with line, key, what is allowed and what to write instead.
    package static func parse(_ bytes: [UInt8], file: String = "functions.json") throws(FileMistakes) -> Manifest {
        try FileSection.readingRoot(of: bytes, file: file, example: #"{ "functions": { ... } }"#) { root in
            var manifest = Manifest()
            if var host = root.section("host") { manifest.host = HostSettings(from: &host) }
            if let functions = root.section("functions") {
                manifest.functions = functions.object.keys.compactMap { FunctionEntry(named: $0, in: functions) }
                refuseClashes(among: manifest.functions, in: functions)
                refuseSharedDialects(among: manifest.functions, in: functions)
                refuseMissingHelpers(of: manifest, in: functions)
            }
            refuseLimitsOfNobody(manifest, in: root)
            if manifest.host.jwt.keysURL != nil, !manifest.canFetchKeys { refuseKeys(in: root) }
            if manifest.host.spend.webhook != nil, !manifest.canDeliver { refuseAlerts(in: root) }
            return manifest
        }
    }

    private static func refuseKeys(in root: FileSection) {
        guard let host = root.object["host"]?.object, let jwt = host["jwt"]?.object else { return }
        root.below("host", host).below("jwt", jwt).note(
            "the function \"keyset\" fetches this; add \"keyset\": { \"run\": [\"keyset\"], \"public\": false, ... } as in the "
                + "bundled functions.json, or save the key set to a file and write the file's name",
            "keys"
        )
    }

    private static func refuseAlerts(in root: FileSection) {
        guard let host = root.object["host"]?.object, let spend = host["spend"]?.object else { return }
        root.below("host", host).below("spend", spend).note(missingWebhookFunction, "webhook")
    }

    private static let missingWebhookFunction =
        "the function \"webhook\" delivers these; add \"webhook\": { \"run\": [\"webhook\"], \"public\": false, \"job\": {}, ... } "
        + "as in the bundled functions.json, or remove this"

    /// Notes what is wrong only between functions: the same path twice, and a name that is a secret here and plain there.
    private static func refuseClashes(among entries: [FunctionEntry], in functions: FileSection) {
        var owners: [RoutePattern: String] = [:]
        var secretOwners: [String: String] = [:]
        for entry in entries {
            for name in entry.secrets where secretOwners[name] == nil { secretOwners[name] = entry.name }
        }
        for entry in entries {
            guard let object = functions.object[entry.name]?.object else { continue }
            let section = functions.below(entry.name, object)
            for (index, text) in (object["routes"]?.array ?? []).enumerated() {
                guard let route = entry.routes.first(where: { .string($0.description) == text }) else { continue }
                if let owner = owners[route] {
                    guard owner != entry.name else { continue }  // noted as a repeated element already
                    section.note(
                        "\(quoted(route.description)) is already a route of \(owner); remove one",
                        "routes",
                        index
                    )
                } else {
                    owners[route] = entry.name
                }
            }
            for (index, value) in (object["env"]?.array ?? []).enumerated() {
                guard let name = value.string, let owner = secretOwners[name] else { continue }
                section.note(
                    owner == entry.name
                        ? "\(quoted(name)) is also under secrets; keep it there only"
                        : "\(quoted(name)) is a secret of \(owner); list it under secrets here too",
                    "env",
                    index
                )
            }
        }
    }

    /// Notes limits of functions that there are not.
    private static func refuseLimitsOfNobody(_ manifest: Manifest, in root: FileSection) {
        guard let host = root.object["host"]?.object, let limits = host["limits"]?.object,
            let functions = limits["functions"]?.object
        else { return }
        let section = root.below("host", host).below("limits", limits).below("functions", functions)
        for name in functions.keys where manifest[name] == nil {
            section.note(
                "there is no function \(quoted(name)); \(notOne(name, of: manifest.functions.map(\.name)))",
                name
            )
        }
    }

    /// Notes what only a bundled function can do, where there is none: the host calls nobody itself.
    private static func refuseMissingHelpers(of manifest: Manifest, in functions: FileSection) {
        guard !manifest.canDeliver else { return }
        for entry in manifest.functions where entry.webhook != nil {
            guard let object = functions.object[entry.name]?.object else { continue }
            functions.below(entry.name, object).note(missingWebhookFunction, "webhook")
        }
    }

    /// Notes a second function for the clients of one API, and routes that these clients' own paths hide.
    private static func refuseSharedDialects(among entries: [FunctionEntry], in functions: FileSection) {
        var owners: [FunctionEntry.Dialect: String] = [:]
        for entry in entries {
            guard let object = functions.object[entry.name]?.object else { continue }
            for (index, text) in (object["speaks"]?.array ?? []).enumerated() {
                guard let dialect = text.string.flatMap(FunctionEntry.Dialect.init(rawValue:)) else { continue }
                if let owner = owners[dialect], owner != entry.name {
                    functions.below(entry.name, object).note(
                        "\(quoted(dialect.rawValue)) is spoken by \(owner) already; remove one",
                        "speaks",
                        index
                    )
                } else {
                    owners[dialect] = entry.name
                }
            }
        }
        for entry in entries {
            guard let object = functions.object[entry.name]?.object else { continue }
            for (index, text) in (object["routes"]?.array ?? []).enumerated() {
                guard let route = text.string,
                    let owner = DialectPaths.dialects(of: route).lazy.compactMap({ owners[$0] }).first
                else { continue }
                functions.below(entry.name, object).note(
                    "\(quoted(route)) belongs to the clients that \(owner) speaks to; choose another path",
                    "routes",
                    index
                )
            }
        }
    }
}
