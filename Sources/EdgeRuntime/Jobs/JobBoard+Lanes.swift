// Where a job's next run goes, and what its lanes are told of it.
internal import CivilTime
internal import Digest
internal import Retry

extension JobBoard {
    /// Asks whether a generation may run now, and chooses its lane if so.
    /// - Parameter ahead: how many wait in a line already.
    /// - Returns: what holds it back; nil: it has its lane and begins.
    func gate(_ generation: Generation, ahead: (String) -> Int) -> LaneBlock? {
        let now = Timestamp.now()
        var open: LaneSet?
        var barred: [LanePass] = []
        var passing: LaneBar?
        if let (set, money) = money(for: generation, now: now) {
            if money.open.isEmpty {
                guard generation.deadline > now else { return nil }
                if let bar = money.passing { return Self.block(bar, generation, now: now) }
                ledger.refused(money)
                generation.hopeless = JobFailure(money.problem(generation.function))
                return nil
            }
            barred = money.passedOver
            passing = money.passing
            open = money.left(of: set)
        }
        switch verdict(for: generation, among: open, now: now, ahead: ahead) {
        case .go(let lane, let passed):
            generation.lane = lane
            generation.passed = barred + passed
            return nil
        case .blocked(let block):
            guard block.until > generation.deadline else { return block }
            // A lane that is barred for a moment only may be free before that.
            if let passing, generation.deadline > now { return Self.block(passing, generation, now: now) }
            generation.hopeless = JobFailure(
                status: 429,
                code: "deadline",
                message: "No provider can take the job before its deadline: \(block.reason).",
                retryAfter: max(1, Int((block.until - now).inSeconds.rounded(.up)))
            )
            return nil
        }
    }

    /// What would hold a queued generation back now; asked out of curiosity.
    func outlook(_ generation: Generation, ahead: (String) -> Int) -> LaneBlock? {
        let now = Timestamp.now()
        let money = money(for: generation, now: now)
        if let bar = money?.lanes.bar { return Self.block(bar, generation, now: now) }
        let open = money.flatMap { $0.lanes.left(of: $0.set) }
        let verdict = verdict(for: generation, among: open, now: now, ahead: ahead)
        if case .blocked(let block) = verdict { return block }
        return nil
    }

    /// The lanes that there is money for; nil: what a provider may work on is paid for, or held, and needs none.
    private func money(for generation: Generation, now: Timestamp) -> (set: LaneSet, lanes: LanesWithMoney)? {
        guard !generation.isHeld, !generation.isSent else { return nil }
        let set = candidates(of: generation)
        return (set, ledger.lanes(for: generation, among: set, now: now))
    }

    /// No lane has money now: it begins nobody knows when.
    private static func block(_ bar: LaneBar, _ generation: Generation, now: Timestamp) -> LaneBlock {
        let until = min(now + moneyLook, generation.deadline)
        return LaneBlock(line: moneyLine, until: until, expected: nil, reason: bar.reason)
    }

    /// A question about a lost attempt may end in sending it again: it waits for its place as any call, but nowhere else.
    private func candidates(of generation: Generation) -> LaneSet {
        if generation.unsure != nil, let lane = generation.lane { return LaneSet([lane]) }
        return generation.ticket.lanes
    }

    /// - Parameter open: the lanes that there is money for; nil: all.
    func verdict(
        for generation: Generation,
        among open: LaneSet? = nil,
        now: Timestamp,
        ahead: (String) -> Int
    ) -> LaneVerdict {
        lanes.verdict(
            for: open ?? candidates(of: generation),
            tried: generation.unsure == nil ? generation.tried : [],
            held: generation.isHeld ? generation.lane : nil,
            lateAfter: min(generation.patience ?? generation.deadline, generation.deadline),
            now: now,
            ahead: ahead
        )
    }

    /// How often jobs that are held back for money look whether they may go on, if nobody says so.
    private static let moneyLook = Duration.seconds(30)

    /// The attempt that is about to be written; its lane's quota and its provider's budgets count it.
    func newAttempt(of generation: Generation) -> Attempt {
        let now = Timestamp.now()
        let resumes = generation.resumeState != nil
        var attempt = Attempt(
            number: generation.nextAttemptNumber,
            id: generation.unsure ?? UUIDText.version4(),
            started: now
        )
        attempt.isUnsure = generation.unsure != nil
        if generation.isSent, let last = generation.attempts.last { attempt.purchase = last.purchase }
        if let lane = generation.lane {
            attempt.lane = lane.name
            attempt.isOwn = lane.isOwn
            // A question about a task that runs already is no call that a quota counts.
            attempt.account = resumes ? nil : lane.account
            if !generation.isHeld { lanes.began(lane, at: now) }
            if !generation.isSent { ledger.begins(generation, on: lane) }
            generation.isHeld = true
        }
        attempt.resumes = resumes
        attempt.passed = generation.passed
        generation.passed = []
        return attempt
    }

    /// Gives the lane's place back. Nothing when none is held.
    func release(_ generation: Generation, _ ending: Lanes.Ending) {
        guard generation.isHeld, let lane = generation.lane else { return }
        generation.isHeld = false
        if lanes.ended(lane, ending, at: .now()) {
            log("circuit of \(lane.route) opened: its runs fail")
        }
    }

    /// Tells the lane how a run that made nothing ended, and decides where the next one goes.
    func step(_ generation: Generation, _ outcome: RunOutcome, _ note: RunNote, now: Timestamp) -> AfterRun.Next {
        guard let lane = generation.lane else { return .rest }
        let others = generation.ticket.lanes.lanes.filter {
            $0.name != lane.name && !generation.tried.contains($0.name)
        }
        let tried = generation.tried.union([lane.name])
        let after = AfterRun(
            lane: lane,
            wasUnsure: generation.unsure != nil,
            hasState: generation.resumeState != nil,
            hasOther: !others.isEmpty,
            hasWarm: lanes.hasWarm(beside: lane, in: generation.ticket.lanes, tried: tried, now: now),
            patience: generation.patience.map { max($0 - now, .zero) },
            left: generation.deadline - now,
            retriesPerhapsPaid: queues[generation.function]?.settings.perhapsPaid != .fail
        )
        let next = after.next(after: outcome, note)
        tell(lane, of: outcome, next, generation, now: now)
        switch next {
        case .stay: break
        case .rest: generation.unsure = nil
        case .askAgain: generation.unsure = generation.attempts.last?.id
        case .stopPaying: break
        case .handOver:
            generation.tried = tried
            generation.unsure = nil
            generation.left = generation.task
            generation.resumeState = nil
        }
        return next
    }

    private func tell(
        _ lane: Lane,
        of outcome: RunOutcome,
        _ next: AfterRun.Next,
        _ generation: Generation,
        now: Timestamp
    ) {
        switch outcome {
        case .success: break
        case .notReady: lanes.accepted(lane)
        case .limited(let status, let after, let estimate):
            let until = now + (after ?? LoadingEstimate.pause(seconds: estimate) ?? .seconds(1))
            if status == 429, next == .stay {
                lanes.block(lane, until: until)
            } else if next != .stay {
                release(generation, status == 429 ? .limited(until: until) : .loading(until: until))
            }
        case .failed:
            if next == .stay { lanes.failed(lane, at: now) } else { release(generation, .failed) }
        case .final(let status):
            // Where nobody else can be asked, the next caller is to hear the reason too, and not to wait for a circuit.
            if case .handOver = next, AfterRun.handsOver.contains(status) {
                release(generation, .failed)
            } else {
                release(generation, .neither)
            }
        }
    }
}
