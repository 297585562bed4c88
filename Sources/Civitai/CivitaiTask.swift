// What a job remembers of its workflow at Civitai between two runs.
internal import CivilTime
internal import JSON

/// One workflow, as far as it has come. Kept by the host, so it holds no key and no address.
struct CivitaiTask: Sendable, Equatable {
    enum Phase: String, Sendable {
        /// Nobody has heard of it yet.
        case new
        /// It was submitted, and nobody knows whether it arrived: submitted again under the same id, which is asking.
        case lost
        /// Civitai has it.
        case working
        /// It is made and paid, but its bytes are not here yet.
        case made
    }

    /// From submitting to giving up: beyond the half hour that Civitai's queue may take when it is long.
    static let lifeMax: Duration = .seconds(40 * 60)
    /// Calls in a row without an answer of use, about a workflow that Civitai has.
    static let failuresMax = 8
    /// The same about one of which nobody knows whether it arrived: the number of tries that the API's guide advises.
    static let lostFailuresMax = 5
    /// Answers that say there is no such workflow, though there was.
    static let unknownMax = 3
    /// How often the bytes of one result are fetched.
    static let fetchesMax = 4

    var id: ExternalID
    var workflow: WorkflowID?
    var phase = Phase.new
    var since: Timestamp
    var asks = 0
    var failures = 0
    var unknowns = 0
    var fetches = 0

    init(id: ExternalID, since: Timestamp) {
        self.id = id
        self.since = since
    }

    /// - Returns: nil for what was not written by ``json``.
    init?(_ json: JSONValue) {
        guard let id = json["externalId"]?.string.flatMap({ ExternalID($0) }),
            let phase = json["phase"]?.string.flatMap({ Phase(rawValue: $0) }), let since = json["since"]?.integer
        else { return nil }
        func count(_ name: String) -> Int { min(max(Int(clamping: json[name]?.integer ?? 0), 0), 1_000_000) }
        self.init(id: id, since: Timestamp(milliseconds: since))
        workflow = json["workflow"]?.string.flatMap { WorkflowID($0) }
        // Without its id there is nothing to ask about.
        self.phase = workflow == nil ? .lost : phase
        asks = count("asks")
        failures = count("failures")
        unknowns = count("unknowns")
        fetches = count("fetches")
    }

    var json: JSONValue {
        var json: JSONObject = [
            "externalId": .string(id.text), "phase": .string(phase.rawValue), "since": .integer(since.milliseconds),
        ]
        json["workflow"] = workflow.map { .string($0.text) }
        for (name, count) in [
            ("asks", asks), ("failures", failures), ("unknowns", unknowns), ("fetches", fetches),
        ] where count > 0 {
            json[name] = .integer(Int64(count))
        }
        return .object(json)
    }

    /// Calls in a row without an answer of use after which the run fails: the workflow stays as it is, to be asked about later.
    var failuresMax: Int { phase == .lost ? Self.lostFailuresMax : Self.failuresMax }

    /// The time until it is asked about again. While it works the intervals that Civitai's documentation names; after failures from
    /// 1 s to the 30 s that it names as the longest.
    var pause: Duration {
        let isFine = phase == .working && failures == 0
        let pauses = isFine ? Self.workPauses : Self.failurePauses
        // A limit is no failure, yet whoever is limited asks less and less.
        let step = isFine ? asks : max(failures + fetches + (phase == .working ? 0 : asks), 1) - 1
        return .seconds(pauses[min(max(step, 0), pauses.count - 1)])
    }

    private static let workPauses = [2, 5, 10, 15, 30]
    private static let failurePauses = [1, 2, 4, 8, 16, 30]
}
