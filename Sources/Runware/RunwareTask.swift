// What a job remembers of its task at Runware between two runs.
internal import CivilTime
internal import JSON

/// One task, as far as it has come. Kept by the host, so it holds no key and no address.
struct RunwareTask: Sendable, Equatable {
    enum Phase: String, Sendable {
        /// Nobody has heard of it yet.
        case new
        /// It was sent, and nobody knows whether it arrived: asked about before anything is sent again.
        case lost
        /// Runware has it.
        case working
        /// It is made and paid, but its bytes are not here yet.
        case made
    }

    /// Where a request's pictures stand.
    enum Form: String, Sendable {
        /// `seedImage`, `maskImage`, `frameImages`.
        case plain
        /// The same under `inputs`, as newer models want them.
        case inputs
    }

    /// From sending to giving up, as Runware's own clients have it.
    static let lifeMax: Duration = .seconds(20 * 60)
    /// Calls in a row without an answer of use, about a task that Runware has: half a minute, in which it may come back.
    static let failuresMax = 8
    /// The same about one of which nobody knows whether it arrived: five questions in 8 s, so that some lost answers are no loss
    /// of the task. Another provider may go on then.
    static let lostFailuresMax = 6
    private static let lostPauseMax = 2
    /// Answers in a row that say there is no such task, though Runware has it.
    static let unknownMax = 3
    /// How often one task is sent, always with the same id.
    static let sendsMax = 4
    /// How often the bytes of one result are fetched.
    static let fetchesMax = 3
    /// The same when its address has expired: a fresh one is asked for once.
    static let expiredFetchesMax = 2

    var id: TaskUUID
    var phase = Phase.new
    var form = Form.plain
    var since: Timestamp
    var asks = 0
    var failures = 0
    var sends = 0
    var fetches = 0

    init(id: TaskUUID, since: Timestamp) {
        self.id = id
        self.since = since
    }

    /// - Returns: nil for what was not written by ``json``.
    init?(_ json: JSONValue) {
        guard let id = json["task"]?.string.flatMap({ TaskUUID($0) }),
            let phase = json["phase"]?.string.flatMap({ Phase(rawValue: $0) }), let since = json["since"]?.integer
        else { return nil }
        func count(_ name: String) -> Int { min(max(Int(clamping: json[name]?.integer ?? 0), 0), 1_000_000) }
        self.init(id: id, since: Timestamp(milliseconds: since))
        self.phase = phase
        form = json["form"]?.string.flatMap { Form(rawValue: $0) } ?? .plain
        asks = count("asks")
        failures = count("failures")
        sends = count("sends")
        fetches = count("fetches")
    }

    var json: JSONValue {
        var json: JSONObject = [
            "task": .string(id.description), "phase": .string(phase.rawValue), "since": .integer(since.milliseconds),
        ]
        if form != .plain { json["form"] = .string(form.rawValue) }
        for (name, count) in [("asks", asks), ("failures", failures), ("sends", sends), ("fetches", fetches)]
        where count > 0 {
            json[name] = .integer(Int64(count))
        }
        return .object(json)
    }

    /// Calls in a row without an answer of use after which the run fails: the task stays as it is, to be asked about later.
    var failuresMax: Int { phase == .lost ? Self.lostFailuresMax : Self.failuresMax }

    /// The time until it is asked about again: 1 s, growing to 10 s. Whole seconds, which is what a host waits.
    var pause: Duration {
        let step = phase == .working && failures == 0 ? max(asks, 0) : max(failures + fetches, 1) - 1
        let pause = Self.pauses[min(step, Self.pauses.count - 1)]
        return .seconds(phase == .lost ? min(pause, Self.lostPauseMax) : pause)
    }

    private static let pauses = [1, 1, 2, 3, 4, 6, 10]
}
