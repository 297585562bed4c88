// Who can do a request: the providers of its route that have a key, know the model and can do all that is asked for.
internal import EdgeFunction
internal import FileReading
internal import Providers
internal import Sandbox

/// Chooses the candidates of a request. Pure: the same request, settings and providers give the same ones.
struct Routing: Sendable {
    var settings = GenerateSettings()
    var standings: [ProviderStanding]

    struct Result: Equatable {
        let input: GenerateInput
        let choose: Lane.Choice
    }

    /// A request is tried by as many.
    static let candidatesMax = 16

    func route(_ fields: RequestFields) throws(AdmissionError) -> Result {
        let names = names(fields)
        var candidates: [Candidate] = []
        var refusals: [AdmissionError] = []
        for standing in names.compactMap({ name in standings.first { $0.name == name } }) {
            do {
                candidates.append(try candidate(standing, fields, isOnly: names.count == 1))
            } catch {
                refusals.append(error)
            }
        }
        guard !candidates.isEmpty else { throw .nobody(refusals) }
        // Leave to do without the picture is for where nobody takes it.
        let takers = candidates.filter { !$0.dropped.contains(.image) }
        if !takers.isEmpty { candidates = takers }
        var request = fields.request
        // Only where it can still matter: elsewhere the same picture would have two keys.
        request.isLenient = fields.isLenient && candidates.contains { mayLeaveOutMore($0, of: fields.request) }
        if candidates.map(\.provider) == ["sandbox"] {
            // The size that it draws anyway: asking for it by number is the same picture.
            request.width = request.width ?? Sandbox.usualSize
            request.height = request.height ?? Sandbox.usualSize
        }
        return Result(
            input: GenerateInput(request: request, candidates: Array(candidates.prefix(Self.candidatesMax))),
            choose: fields.choose ?? (fields.providers == nil ? settings.route.choose : .order)
        )
    }

    /// Those that the request names, or those for which its caller has a token, then those of the settings, or all with a key; whoever
    /// needs none when nobody has one.
    private func names(_ fields: RequestFields) -> [String] {
        if let named = fields.providers { return named }
        let own = standings.filter(\.isOwn).map(\.name)
        return own + usual.filter { !own.contains($0) }
    }

    private var usual: [String] {
        let keyless = standings.filter { $0.entry.secret == nil }.map(\.name)
        let keyed = standings.filter(\.hasKey).map(\.name)
        guard let use = settings.route.use else { return keyed.isEmpty ? keyless : keyed }
        // A server of one's own may need no key.
        let usable = use.filter { name in
            standings.contains { $0.name == name && ($0.hasKey || $0.readiness == .ready) }
        }
        if !usable.isEmpty { return usable }
        return keyed.isEmpty ? keyless : use
    }

    private func candidate(
        _ standing: ProviderStanding,
        _ fields: RequestFields,
        isOnly: Bool
    ) throws(AdmissionError) -> Candidate {
        if case .notReady(let advice) = standing.readiness {
            throw AdmissionError(
                status: 424,
                code: "provider_settings",
                field: Field.provider.rawValue,
                "provider \(standing.name) cannot be used now: \(advice)"
            )
        }
        let model = try model(of: fields, at: standing, isOnly: isOnly)
        let abilities = standing.abilities(model)
        guard abilities.kinds.contains(fields.request.kind) else {
            let makes = abilities.kinds.map { "\($0.rawValue)s" }.sorted().joined(separator: " and ")
            throw .unable(standing.name, .kind, "makes \(makes.isEmpty ? "nothing" : makes) only")
        }
        var candidate = Candidate(provider: standing.name, model: model)
        candidate.server = standing.server
        var lacks = abilities.lacks(of: fields.request)
        if fields.checksWhereItCan, fields.request.kind == .video || lacks.contains(where: { $0.parameter == .safety })
        {
            lacks.removeAll { $0.parameter == .safety }
            candidate.dropped = [.safety]
        }
        if let lack = lacks.first {
            guard fields.isLenient else { throw .unable(standing.name, lack) }
            candidate.dropped = Self.dropped(candidate.dropped + lacks.map(\.parameter), of: fields.request)
        }
        candidate.price = price(of: candidate.request(fields.request), at: standing)
        return candidate
    }

    /// In micro-dollars; nil: unknown.
    private func price(of request: ImageRequest, at standing: ProviderStanding) -> Int64? {
        settings.prices.price(of: request, at: standing.name) ?? (standing.entry.secret == nil ? 0 : nil)
    }

    /// What a request that asks for nothing but a prompt costs.
    func usualPrice(of standing: ProviderStanding) -> Int64? {
        price(of: ImageRequest(prompt: "", model: standing.usualModel), at: standing)
    }

    /// The provider's own id of a model.
    private func model(
        of fields: RequestFields,
        at standing: ProviderStanding,
        isOnly: Bool
    ) throws(AdmissionError) -> String? {
        guard let name = fields.model else { return fields.request.kind == .image ? standing.usualModel : nil }
        if let ids = settings.models[name] {
            if let id = ids[standing.name] { return id }
            // Who takes any name takes this one too.
            if case .any = standing.entry.ids { return name }
            throw .field(
                .model,
                "\(quoted(name)) is not known at \(standing.name); it is an alias for \(ids.keys.sorted().joined(separator: ", "))",
                isWhole: true
            )
        }
        if let reason = standing.entry.ids.mistake(in: name, isOnly: isOnly) {
            let hint = NearestName.of(name, among: settings.models.keys.sorted()).map { "; did you mean \($0)?" } ?? ""
            throw .field(.model, "cannot be used at \(standing.name): \(reason)\(hint)")
        }
        return name
    }

    private func mayLeaveOutMore(_ candidate: Candidate, of request: ImageRequest) -> Bool {
        let learnsLater = standings.contains { $0.name == candidate.provider && $0.entry.learnsLater }
        return learnsLater && !candidate.request(request).given.isEmpty
    }

    /// What is left out. Half a size would be another shape; a mask and a strength are of a picture.
    private static func dropped(_ lacking: [Parameter], of request: ImageRequest) -> [Parameter] {
        var dropped = Parameters(lacking)
        if !dropped.isDisjoint(with: [.width, .height]) { dropped.formUnion([.width, .height]) }
        if dropped.contains(.image) { dropped.formUnion([.mask, .strength]) }
        return dropped.intersection(request.given).list
    }
}
