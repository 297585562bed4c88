// Decides whether a request becomes a job, and makes of it what the job will do.
internal import EdgeFunction
internal import JSON
internal import Providers

/// The check of a generate request. Pure: the same request, settings and providers give the same answer.
struct Admission: Sendable {
    var routing: Routing

    struct Admitted: Equatable {
        let input: GenerateInput
        let choose: Lane.Choice
        /// Whether a cached picture is not wanted.
        let isFresh: Bool
    }

    /// - Parameters:
    ///   - target: path and query, as asked.
    ///   - allowsNSFW: what the host says of its caller.
    func admit(
        method: String,
        target: String,
        contentType: String?,
        body: [UInt8],
        allowsNSFW: Bool = true
    ) throws(AdmissionError) -> Admitted {
        let isQuery = method == "GET" || method == "HEAD"
        let fields =
            isQuery ? try QueryFields.read(target: target) : try BodyFields.read(body, contentType: contentType)
        return try admit(fields, allowsNSFW: allowsNSFW)
    }

    func admit(_ fields: JSONObject, allowsNSFW: Bool = true) throws(AdmissionError) -> Admitted {
        let fields = try RequestFields(
            fields,
            presets: routing.settings.presets,
            known: routing.standings.map(\.name),
            allowsNSFW: allowsNSFW
        )
        let route = try routing.route(fields)
        var input = route.input
        input.variation = fields.variation
        return Admitted(input: input, choose: route.choose, isFresh: fields.isFresh)
    }

    /// The same for a caller who has tokens of its own for these providers.
    func with(ownTokens: [String]) -> Admission {
        guard !ownTokens.isEmpty else { return self }
        var admission = self
        admission.routing.standings = routing.standings.map { standing in
            ownTokens.contains(standing.name) ? standing.own ?? standing : standing
        }
        return admission
    }

    /// What the host is told of the work.
    /// - Parameter seed: draws one, for a new picture whose caller names none.
    func ticket(_ admitted: Admitted, drawing seed: () -> UInt32) -> Ticket {
        let input = admitted.input
        return Ticket(
            input: admitted.isFresh ? input.drawing(seed()).json : input.varied.json,
            key: input.key,
            accept: input.request.kind == .image ? "image/*" : "video/*",
            isFresh: admitted.isFresh,
            lanes: input.candidates.map(lane),
            choose: admitted.choose,
            inputs: input.pictures
        )
    }

    private func lane(_ candidate: Candidate) -> Lane {
        let standing = routing.standings.first { $0.name == candidate.provider }
        return Lane(
            name: candidate.provider,
            provider: candidate.provider,
            model: candidate.model,
            account: standing?.account,
            price: candidate.price,
            weight: routing.settings.route.weights[candidate.provider] ?? 1,
            quota: routing.settings.quotas[candidate.provider],
            takesAttemptIDs: standing?.takesAttemptIDs ?? false,
            isOwn: standing?.isOwn ?? false
        )
    }
}
