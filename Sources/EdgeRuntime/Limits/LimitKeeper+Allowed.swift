// What a tier may ask for, and which prompts are refused: looked at before the cache answers.
internal import Callers
internal import Digest
internal import JSON
internal import Limits

extension LimitKeeper {
    /// A side that a request leaves to its provider: what providers make by themselves, at most.
    private static let usualSide = 1024

    /// Leaves a ticket the lanes that its caller may have.
    /// - Parameter asked: what the request itself says, read only where models are limited.
    func allow(_ ticket: inout Ticket, to caller: Caller, asked: () -> JSONObject) throws(Problem) {
        guard caller.id != Caller.local.id else { return }
        if !caller.allowsNSFW {
            ticket.refusesNSFW = true
            // Nothing that was made for others, who may have more, answers it.
            ticket.key = ticket.key.map { SHA256.hex(of: "\($0)\nnsfw=no") }
        }
        let rules = settings.tiers?[caller.tier]
        if let models = rules?.models {
            ticket.lanes = try Self.allowed(ticket.lanes, models, asked()["model"]?.string, caller.tier)
        }
        let sizes = rules?.sizes ?? []
        guard !sizes.isEmpty || !policy.isEmpty else { return }
        let input = (try? JSONValue.parse(ticket.input))?.object ?? [:]
        if !sizes.isEmpty {
            let size = ImageSize(
                width: input["width"]?.integer.map { Int(clamping: $0) } ?? Self.usualSide,
                height: input["height"]?.integer.map { Int(clamping: $0) } ?? Self.usualSide
            )
            guard sizes.contains(where: { size.fits($0) }) else { throw .sizeNotAllowed(caller.tier, sizes) }
        }
        if let prompt = input["prompt"]?.string, policy.refuses(prompt, of: caller) { throw .promptRefused }
    }

    /// By the name that the request has, else by what lanes know of themselves.
    private static func allowed(
        _ lanes: LaneSet,
        _ models: [String],
        _ asked: String?,
        _ tier: Tier
    ) throws(Problem) -> LaneSet {
        if let asked, models.contains(asked) { return lanes }
        let allowed = lanes.lanes.filter { lane in
            models.contains(lane.provider) || lane.model.map { models.contains($0) } ?? false
                || models.contains(lane.route)
        }
        guard !allowed.isEmpty else { throw .modelNotAllowed(tier, models) }
        return LaneSet(allowed, choice: lanes.choice)
    }
}
