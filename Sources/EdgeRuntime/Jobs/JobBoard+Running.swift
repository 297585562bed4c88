// Attempts, and what follows each of them: the end, a wait, or the next one.
internal import CivilTime
internal import Digest
internal import EdgeLoop
internal import JSON
internal import Retry

extension JobBoard {
    func begin(_ generation: Generation) {
        generation.phase = .running
        if let failure = generation.hopeless ?? (generation.deadline > .now() ? nil : .beyondDeadline) {
            return start(generation) { [self] in
                if !generation.isDone { await end(generation, .failure(failure)) }
            }
        }
        generation.begin(newAttempt(of: generation))
        generation.changes.notify()
        start(generation) { [self] in await attempt(generation, writesFirst: true) }
    }

    func start(_ generation: Generation, _ work: @escaping @LoopActor @Sendable () async -> Void) {
        running[generation.id] = generation
        generation.runs += 1
        let run = generation.runs
        tasks[generation.id] = Task(executorPreference: LoopActor.tasks) {
            await self.run(generation, run, work)
        }
    }

    func run(_ generation: Generation, _ run: Int, _ work: @LoopActor () async -> Void) async {
        await work()
        if generation.runs == run {  // else the next run has begun already, on another lane
            tasks[generation.id] = nil
            running[generation.id] = nil
        }
        taskEnded.notify()
        queues[generation.function]?.ended(generation)
    }

    func attempt(_ generation: Generation, writesFirst: Bool) async {
        guard let attempt = generation.attempts.last, let queue = queues[generation.function] else { return }
        if writesFirst {
            do {
                try await rewriteFile(of: generation)
            } catch {
                guard !generation.isDone else { return }
                log("job \(generation.id): \(error)")
                let reason = (error as? StateError)?.publicDescription ?? "the host's log says why"
                // Without its record the attempt must not be made: try again when the disk may have room.
                return postpone(
                    generation,
                    attempt: .deferred,
                    .seconds(5),
                    "The attempt could not be written down: \(reason)"
                )
            }
            // Cancelled while the file was written: the function must not hear of it, for a call may cost money.
            guard !Task.isCancelled, !generation.isDone else { return }
        }
        let began = Timestamp.now()
        if let lane = generation.lane, attempt.account != nil { lanes.left(lane, at: began) }
        let left = generation.deadline - began
        cancelLeft(generation)
        generation.isSent = true
        let answer = await calls.run(
            generation,
            attempt: attempt,
            timeout: max(min(queue.settings.timeout, left), .seconds(1))
        )
        guard !Task.isCancelled, !generation.isDone else { return }
        generation.progress = nil
        switch answer {
        case .made(let artifacts):
            generation.endAttempt(.succeeded, at: .now())
            release(generation, .succeeded(took: .now() - (generation.taskBegan ?? began)))
            finishing.hold(artifacts, for: generation)
            await end(generation, .success(artifacts.result))
        case .unfinished(let outcome, let note):
            await goOn(generation, outcome, note)
        }
    }

    func goOn(_ generation: Generation, _ outcome: RunOutcome, _ note: RunNote) async {
        if let state = note.state { generation.resumeState = state }
        if note.forgetsState { generation.resumeState = nil }
        let now = Timestamp.now()
        let next = step(generation, outcome, note, now: now)
        generation.taskBegan = next == .stay ? generation.taskBegan ?? generation.attempts.last?.started : nil
        generation.changeAttempt { attempt in
            switch next {
            case .handOver(let why): attempt.movedOn = why
            case .askAgain: attempt.isUnsure = true
            case .stay, .rest, .stopPaying: break
            }
            // Where it is asked about again, nothing is lost yet.
            if next != .stay, next != .askAgain, note.mayBePaid || outcome.isUnsure { attempt.isPerhapsPaid = true }
            if case .limited(429, let after?, _) = outcome { attempt.blockedUntil = now + after }
        }
        let hasPaid = next != .stay && next != .askAgain && settle(generation, note, at: now)
        if next == .stopPaying {
            generation.endAttempt(.failed, at: now, status: note.status, error: note.message)
            return await end(generation, .failure(.perhapsPaid(note.message)))
        }
        var counted = outcome
        if case .handOver = next {
            // Each lane that fails uses an attempt, whatever it failed with; one that only limits uses none, if it took nothing for it.
            switch outcome {
            case .final: counted = .failed(.status(note.status ?? 502))
            case .limited where note.mayBePaid: counted = .failed(.status(note.status ?? 502))
            case .limited:
                if hasPaid, let failure = ledger.reserveAgain(generation, now: now) {
                    return await endBroke(generation, note, failure, at: now)
                }
                return await handOver(generation, .deferred, note, now: now)
            case .success, .notReady, .failed: break
            }
        }
        let move = generation.retry.ended(
            counted,
            left: generation.deadline - now,
            jitter: jitter(),
            mayBePaid: next == .rest && note.mayBePaid
        )
        if case .fail = move {
            // The end gives back whatever is held.
        } else if hasPaid, let failure = ledger.reserveAgain(generation, now: now) {
            return await endBroke(generation, note, failure, at: now)
        }
        switch move {
        case .deliver:
            preconditionFailure("a result is not handed to the retry decision")
        case .wait(let pause, _):
            generation.endAttempt(.deferred, at: now, status: note.status, error: note.message)
            await pauseUntil(now + pause, generation)
        case .retry(let pause, _):
            let isCounted = !generation.ticket.lanes.isOwn
            let perDay = isCounted ? runsPerDay(of: generation.function) : 0
            guard counts[generation.function, default: DayCount()].allows(now: now, perDay: perDay) else {
                generation.endAttempt(.failed, at: now, status: note.status, error: note.message)
                return await end(generation, .failure(.dayCap(perDay, after: note, now: now)))
            }
            if isCounted { counts[generation.function, default: DayCount()].add(at: now) }
            if case .handOver = next { return await handOver(generation, .failed, note, now: now) }
            generation.endAttempt(.failed, at: now, status: note.status, error: note.message)
            await pauseUntil(now + pause, generation)
        case .fail(let reason):
            generation.endAttempt(.failed, at: now, status: note.status, error: note.message)
            await end(generation, .failure(JobFailure(reason, note)))
        }
    }

    /// A run is over that made nothing: what it may have cost is spent, and what it cannot have cost is free for the next one.
    /// - Returns: whether what the job holds was spent.
    private func settle(_ generation: Generation, _ note: RunNote, at now: Timestamp) -> Bool {
        // What a caller's own account has paid is no cost of the host's.
        let isOwn = generation.lane?.isOwn ?? false
        let told = isOwn ? nil : note.details["cost"]?.integer.flatMap { $0 > 0 ? $0 : nil }
        ledger.unpaid(generation)
        guard told != nil || generation.attempts.last?.isPerhapsPaid == true else { return false }
        return ledger.lost(generation, told: told, at: now)
    }

    private func endBroke(_ generation: Generation, _ note: RunNote, _ failure: JobFailure, at now: Timestamp) async {
        generation.endAttempt(.failed, at: now, status: note.status, error: note.message)
        await end(generation, .failure(failure))
    }

    /// The next attempt begins on another lane: mostly at once, and then its record tells how this one ended too.
    func handOver(_ generation: Generation, _ outcome: Attempt.Outcome, _ note: RunNote, now: Timestamp) async {
        generation.endAttempt(outcome, at: now, status: note.status, error: note.message)
        generation.phase = .queued
        generation.changes.notify()
        if !isStopping { queues[generation.function]?.add(generation) }
        guard case .queued = generation.phase else { return }
        cancelLeft(generation)
        // It waits in a line, or for the next host: that must not take the attempt for a lost one.
        do {
            try await rewriteFile(of: generation)
        } catch {
            log("job \(generation.id): the change of its lane could not be written down: \(error)")
        }
    }

    /// Lets the provider that a hand-over has left know of it, beside what follows. In the turn of the loop in which the next run is
    /// called, so that it takes no place before that.
    func cancelLeft(_ generation: Generation) {
        guard let task = generation.left else { return }
        generation.left = nil
        leftTasks.cancel(task)
    }

    func pauseUntil(_ due: Timestamp, _ generation: Generation) async {
        generation.phase = .waiting(until: due)
        do {
            try await rewriteFile(of: generation)
        } catch {
            // The file still tells of an attempt without an end: after a crash it counts as perhaps paid, which is the safe side.
            log("job \(generation.id): the wait could not be written down: \(error)")
        }
        guard case .waiting = generation.phase else { return }  // cancelled meanwhile
        generation.changes.notify()
        guard !isStopping else { return }
        queues[generation.function]?.wait(generation, until: due)
    }

    func postpone(_ generation: Generation, attempt outcome: Attempt.Outcome, _ pause: Duration, _ why: String) {
        log("job \(generation.id): \(why)")
        cancelLeft(generation)
        let due = Timestamp.now() + pause
        if generation.resumeState == nil { release(generation, .neither) }
        if !generation.isSent { ledger.unpaid(generation) }
        generation.endAttempt(outcome, at: .now(), error: why)
        generation.phase = .waiting(until: due)
        generation.changes.notify()
        queues[generation.function]?.wait(generation, until: due)
    }

    /// The first follower's file is the one that carries the attempts.
    func rewriteFile(of generation: Generation) async throws {
        guard let owner = generation.jobs.first else { return }
        if owner.hasFile {
            try await files.replace(id: owner.id, document: JobDocument.stored(owner).encoded())
        } else {
            try await writeFile(of: owner)
        }
    }

    // MARK: What a function tells while it runs

    /// The work that `function` runs now under the id that it was told. The job that had this id first may be cancelled by now,
    /// with others following on.
    func running(_ id: String, by function: String) -> Generation? {
        guard let generation = running[id], generation.function == function, generation.state == .running else {
            return nil
        }
        return generation
    }

    /// Shows progress of running work; nothing is written.
    func setProgress(_ progress: Progress, of generation: Generation) {
        generation.progress = progress
        generation.changes.notify()
    }

    /// Keeps what the function must remember across a crash; returns when it is on disk.
    func setState(_ state: [UInt8], of generation: Generation) async throws {
        generation.resumeState = state
        try await rewriteFile(of: generation)
    }
}
