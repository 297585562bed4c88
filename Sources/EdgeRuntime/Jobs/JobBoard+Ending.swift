// The end of work, and the end of one job before its work has ended.
internal import CivilTime
internal import EdgeLoop
internal import JSON
internal import Retry

extension JobBoard {
    func end(_ generation: Generation, _ result: Result<JobResult, JobFailure>) async {
        generation.phase = .done(result)
        generation.finished = .now()
        if case .success(let result) = result { ledger.bought(generation, result) }
        ledger.ended(generation)
        release(generation, .neither)
        // A result can be followed until the cache has it; a failure answers nobody who asks from now on.
        if case .failure = result { forgetKey(of: generation) }
        // What a new result replaces must not be answered any more once somebody has the new one.
        if generation.ticket.isFresh { finishing.outdate(generation) }
        // Who waits is answered now; nothing of what follows is needed for that (job-files.md).
        generation.changes.notify()
        if case .success(let result) = result {
            await finishing.remember(result, of: generation, ttl: caching[generation.function])
        }
        // By index: others may begin to follow a result, with files of their own, while the ends of the first ones are written.
        var index = 0
        while index < generation.jobs.count {
            let job = generation.jobs[index]
            await writeEnd(of: job)
            index += 1
        }
        finishing.letGo(generation)
        forget(generation)
        // Last, for a provider may be slow: what it still works on would be paid and wanted by nobody.
        cancelLeft(generation)
        if case .failure = result, let task = generation.task { await calls.cancel(task) }
    }

    func forget(_ generation: Generation) {
        forgetKey(of: generation)
        for job in generation.jobs where !unwrittenEnds.contains(job.id) { jobs[job.id] = nil }
        generation.changes.notify()
        generation.jobs = []  // they refer to it: together they would stay in memory for ever
    }

    func forgetKey(of generation: Generation) {
        if let key = generation.ticket.key, byKey[key] === generation { byKey[key] = nil }
    }

    // MARK: Writing ends down

    /// An end that the disk does not take is tried again after this, and after twice as long each time.
    private static let endPause = Duration.seconds(1)
    private static let endPauseMax = Duration.seconds(60)

    /// Returns when the end is on disk, or when the disk has refused it: then it is tried again until the host stops, and the job stays known
    /// meanwhile. The next host would do its work once more.
    private func writeEnd(of job: Job) async {
        guard job.hasFile else { return }
        do {
            try await moveFile(of: job)
        } catch {
            log("job \(job.id): its end could not be written, and is tried again: \(error)")
            unwrittenEnds.insert(job.id)
            Task { @LoopActor in await writeEndLater(of: job) }
        }
    }

    /// Where others follow on, the attempts must be in a living job's file before this one's file moves away: the next host would know
    /// of none, and pay again.
    private func moveFile(of job: Job) async throws {
        if job.carriedAttempts, !job.generation.isDone { try await rewriteFile(of: job.generation) }
        try await finishing.finish(job)
    }

    private func writeEndLater(of job: Job) async {
        var pause = Self.endPause
        while !isStopping, (try? await sleep(for: pause)) != nil, unwrittenEnds.contains(job.id) {
            pause = min(pause * 2, Self.endPauseMax)
            if await isWrittenNow(job) { return }
        }
    }

    /// The last try before the host ends: the disk may have room by now.
    func writeEndsNow() async {
        for id in unwrittenEnds.sorted() where !Task.isCancelled {
            if let job = jobs[id] { _ = await isWrittenNow(job) }
        }
    }

    private func isWrittenNow(_ job: Job) async -> Bool {
        do {
            try await moveFile(of: job)
        } catch StateError.finished(let id) where id == job.id {  // by another try
        } catch {
            return false
        }
        guard unwrittenEnds.remove(job.id) != nil else { return true }
        jobs[job.id] = nil
        log("job \(job.id): its end is written")
        job.generation.changes.notify()
        return true
    }

    /// The reason names paths of this machine: it is for the log, which has it from whom the error is thrown to.
    static let notStored = JobFailure(
        status: 503,
        code: "not_stored",
        message: "The job could not be written to disk; the host's log says why. Try again later.",
        retryAfter: 60
    )

    // MARK: Cancelling

    /// Cancels one job; its work goes on while others follow it. Nothing when it has ended.
    func cancel(_ job: Job) async {
        guard !job.state.isFinal else { return }
        let generation = job.generation
        job.cancel(at: .now())
        job.carriedAttempts = generation.jobs.first === job
        var task: LeftTask?
        generation.jobs.removeAll { $0 === job }
        generation.changes.notify()
        if generation.jobs.isEmpty {
            task = abort(generation)
        } else {
            settleStanding(of: generation)
        }
        await writeEnd(of: job)
        if !unwrittenEnds.contains(job.id) { jobs[job.id] = nil }
        generation.changes.notify()
        // Last, for a provider may be slow. Also where the disk refused the end: what is wanted by nobody should cost nothing.
        cancelLeft(generation)
        if let task { await calls.cancel(task) }
    }

    /// - Returns: what its provider goes on with until it is told.
    func abort(_ generation: Generation) -> LeftTask? {
        forgetKey(of: generation)
        queues[generation.function]?.remove(generation)
        let task = generation.task
        generation.endAttempt(.canceled, at: .now())
        generation.phase = .done(.failure(.canceled))
        generation.finished = .now()
        ledger.ended(generation)
        release(generation, .neither)
        tasks[generation.id]?.cancel()
        return task
    }
}
