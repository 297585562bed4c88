// The work for one cache key, and the jobs that wait for it.
internal import Callers
internal import CivilTime
internal import EdgeLoop
internal import JSON
internal import Retry

/// What admission said of a request: the function's ticket, with what the host needs to run it.
struct Ticket: Equatable, Sendable {
    /// JSON text that `/_edge/run` gets as `input`. Text, since ten thousand waiting jobs hold one each.
    let input: [UInt8]
    /// Names everything that changes the result; nil: never cached, never shared.
    var key: String?
    /// Where it can be done; at least one.
    var lanes: LaneSet
    /// A new result was asked for although one may be cached.
    let isFresh: Bool
    /// The pictures that it needs.
    var inputs = JobInputs()
    /// Whether a picture that its function finds unsafe for work is nothing that its caller may have.
    var refusesNSFW = false

    /// The highest price, in micro-dollars; nil: unknown.
    var price: Int64? { lanes.highestPrice }
}

/// How far an attempt has come, as the function tells it. Never on disk.
struct Progress: Equatable, Sendable {
    /// 0 to 1.
    let fraction: Double
    let note: String?

    var json: JSONValue {
        var object: JSONObject = ["fraction": .double(fraction)]
        if let note { object["note"] = .string(note) }
        return .object(object)
    }
}

/// One run of work, shared by every job that asked for the same at the same time.
@LoopActor
final class Generation {
    enum Phase {
        case queued
        case running
        case waiting(until: Timestamp)
        case done(Result<JobResult, JobFailure>)
    }

    let id: String
    let function: String
    let ticket: Ticket
    /// Whose own tokens its runs may use: the first job's caller.
    var owner: String?
    let created: Timestamp
    /// No attempt begins and no wait ends after it.
    let deadline: Timestamp
    /// Its number among all that was accepted, which counts it once against its caller's limits; nil: it counts for nobody.
    var serial: Int64?
    var phase = Phase.queued
    /// The latest ones; see ``attemptsOmitted``.
    private(set) var attempts: [Attempt] = []
    private(set) var attemptsOmitted = 0
    var retry: RetryDecision
    /// What the function asked to have back on its next run: JSON text.
    var resumeState: [UInt8]?
    /// What the lane before this one may still work on: cancelled when the next run is under way, or when it is clear that it has to wait.
    var left: LeftTask?
    var progress: Progress?
    /// What the running attempt has made, until it is durable. Never of fresh work: what that replaces must be outdated first.
    private(set) var whole: WholeResult?
    /// Where it runs, or ran last.
    var lane: Lane?
    /// Whether it takes a place in its lane's quota: while it runs, and while the provider works on what it began.
    var isHeld = false
    /// When the provider began what it works on.
    var taskBegan: Timestamp?
    /// How often it was started; tells one run's end from the beginning of the next one.
    var runs = 0
    /// Lanes that have failed it, and were left for another one.
    var tried: Set<String> = []
    /// Lanes that were passed over for the next attempt.
    var passed: [LanePass] = []
    /// The id of an attempt whose fate is not known, where the provider can be asked.
    var unsure: String?
    /// Until when somebody waits for it; nil: nobody does.
    var patience: Timestamp?
    /// Set when no lane can take it before its deadline, or there is no money for it.
    var hopeless: JobFailure?
    /// Who is charged for it: whoever was the first to ask. Others follow for nothing.
    var payer = Caller.local
    /// Micro-dollars that the ledger holds for it.
    var reserved: Int64 = 0
    /// Whether a provider may work on it, or may have: nobody has said yet what became of that.
    var isSent = false
    var started: Timestamp?
    var finished: Timestamp?
    /// The accepted requests that follow this work. The first one's file carries the attempts.
    var jobs: [Job] = []
    /// As whose work it waits.
    var standing: Standing
    let changes = ChangeSignal()
    /// There while somebody looks on: ten thousand may wait, and pictures that nobody sees would stay open.
    private(set) var partials: PartialPictures?

    /// How many callers wait for its end, with whom ``show(_:)`` keeps nobody waiting.
    var endsAwaited = 0

    /// Longer than the host needs to take on a request; by the loop's clock, so up to a millisecond less.
    private static let behindAnswer = Duration.milliseconds(2)
    /// Attempts kept in memory and in the file; a job that waits an hour for a limit would have thousands.
    static let attemptsKept = 100

    init(
        id: String,
        function: String,
        ticket: Ticket,
        created: Timestamp,
        deadline: Timestamp,
        retry: RetryDecision,
        standing: Standing
    ) {
        self.id = id
        self.function = function
        self.ticket = ticket
        self.created = created
        self.deadline = deadline
        self.retry = retry
        self.standing = standing
    }

    /// What the provider works on now, by what the function left.
    var task: LeftTask? {
        resumeState.map { state in
            var task = LeftTask(job: id, function: function, lane: lane?.name, state: state)
            if let lane, lane.isOwn, let owner { task.token = TokenName(owner: owner, provider: lane.provider) }
            return task
        }
    }

    /// The token that its run needs; nil where its lane is one of the host's.
    var token: TokenName? {
        guard let lane, lane.isOwn else { return nil }
        // Who has cancelled its own job pays for nobody else's.
        let isWanted = owner.map { owner in jobs.contains { $0.caller.owner == owner } } ?? false
        return TokenName(owner: isWanted ? owner : nil, provider: lane.provider)
    }

    /// Takes over what a job file tells, at start.
    func restore(attempts: [Attempt], omitted: Int, resumeState: [UInt8]?, started: Timestamp?) {
        self.attempts = attempts
        attemptsOmitted = omitted
        self.resumeState = resumeState
        self.started = started
    }

    /// Lets those have the image who asked for its bytes: they are told of no job and no URL that a lost disk could break. Returns when
    /// the rest of the work's end should go on: where nobody waits for that, behind the answers, and behind what is asked next by
    /// whoever got one.
    func show(_ whole: WholeResult) async {
        guard !ticket.isFresh, !isDone else { return }
        self.whole = whole
        let isWanted = changes.isAwaited && endsAwaited == 0
        changes.notify()
        if isWanted { try? await sleep(for: Self.behindAnswer) }
    }

    func begin(_ attempt: Attempt) {
        attempts.append(attempt)
        // What was paid stays: the ledger can be made again from the files.
        if attempts.count > Self.attemptsKept, let first = attempts.firstIndex(where: { $0.cost ?? 0 == 0 }) {
            attempts.remove(at: first)
            attemptsOmitted += 1
        }
        if started == nil { started = attempt.started }
    }

    /// Lets somebody see what is not finished yet. Nothing where an unsafe picture is none for its caller: what may not be shown when it
    /// is whole is not shown before.
    func watch(_ onlooker: PartialOnlooker) {
        guard !ticket.refusesNSFW else { return }
        let partials = partials ?? PartialPictures()
        partials.watch(onlooker)
        self.partials = partials
    }

    func forget(_ onlooker: PartialOnlooker) {
        partials?.forget(onlooker)
        if partials?.isUnwatched == true { partials = nil }
    }

    /// Writes the end of the attempt that is under way.
    func endAttempt(_ outcome: Attempt.Outcome, at moment: Timestamp, status: Int? = nil, error: String? = nil) {
        whole = nil
        partials?.attemptEnded()
        changeAttempt { attempt in
            attempt.outcome = outcome
            attempt.ended = moment
            attempt.status = status
            attempt.error = error
        }
    }

    /// Changes the latest attempt while it has no end.
    func changeAttempt(_ change: (inout Attempt) -> Void) {
        guard let last = attempts.indices.last, attempts[last].outcome == nil else { return }
        change(&attempts[last])
    }

    /// What the latest attempt has cost, ended or not.
    /// - Parameter amount: nil: nobody knows.
    func noteCost(_ amount: Int64?) {
        guard let last = attempts.indices.last else { return }
        attempts[last].cost = amount
        attempts[last].isCostUnknown = amount == nil
    }

    /// The latest attempt may have been paid without anything to show for it.
    func markPerhapsPaid() {
        guard let last = attempts.indices.last else { return }
        attempts[last].isPerhapsPaid = true
    }

    /// Micro-dollars that its attempts have cost.
    var spent: Int64 {
        attempts.reduce(0) { sum, attempt in
            let (next, overflow) = sum.addingReportingOverflow(attempt.cost ?? 0)
            return overflow ? .max : next
        }
    }

    /// Somebody waits for it: a lane that begins later than this comes too late for them.
    func isWaitedFor(until moment: Timestamp?) {
        if let moment { patience = max(patience ?? moment, moment) }
    }

    /// The tier in whose order it goes, its payer's or a better one of who follows.
    var tier: Tier { standing.tier }

    var nextAttemptNumber: Int { (attempts.last?.number ?? attemptsOmitted) + 1 }

    var isDone: Bool { if case .done = phase { true } else { false } }

    var state: JobState {
        switch phase {
        case .queued: .queued
        case .running: .running
        case .waiting: .waiting
        case .done(.success): .succeeded
        case .done(.failure): .failed
        }
    }
}

/// One accepted request.
@LoopActor
final class Job {
    let id: String
    /// Who asked.
    let caller: Caller
    /// In whose order it waits: its caller's tier, or a lesser one when that has had its share.
    let tier: Tier
    let created: Timestamp
    let generation: Generation
    /// The key that its request came with.
    let idempotency: IdempotencyMark?
    /// Who is told of its end.
    let webhook: Webhook?
    /// Whether it has a file: always true once its id was told to a client.
    var hasFile = false
    /// Whether its work had ended, or its image was whole, before it was accepted.
    let isLate: Bool
    /// Set when this job alone was canceled; its generation may go on for others.
    private(set) var canceledAt: Timestamp?
    /// Whether its file told of the attempts when it was canceled.
    var carriedAttempts = false

    init(
        id: String,
        caller: Caller,
        tier: Tier? = nil,
        created: Timestamp,
        generation: Generation,
        idempotency: IdempotencyMark? = nil,
        webhook: Webhook? = nil
    ) {
        self.id = id
        self.caller = caller
        self.tier = tier ?? caller.tier
        self.idempotency = idempotency
        self.webhook = webhook
        self.created = created
        self.generation = generation
        isLate = generation.isDone || generation.whole != nil
    }

    func cancel(at moment: Timestamp) { canceledAt = moment }

    var state: JobState { canceledAt == nil ? generation.state : .canceled }
}
