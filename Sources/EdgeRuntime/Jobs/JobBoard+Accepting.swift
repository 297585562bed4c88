// How a request becomes a job: on disk before its caller is told of it and before its function is called.
internal import Callers
internal import CivilTime
internal import Digest
internal import EdgeLoop
internal import JSON
internal import Retry

/// Why a request did not become a job.
enum AcceptError: Error, Equatable {
    case dayCap(perDay: Int, retryAfter: Int)
    case tooManyJobs(limit: Int)
    case noRoom
    case stopping
}

extension JobBoard {
    /// Makes a job of an admitted request, or lets it follow equal work that is under way.
    ///
    /// - Parameter needsFile: whether the job's id will be told to the caller. A follower that is answered while its caller waits
    ///   needs no file of its own.
    /// - Parameters:
    ///   - idempotency: the key that finds the job again; the file keeps it.
    ///   - isExempt: whether the operator asks, in the caller's name.
    ///   - webhook: who is told of its end; such a job needs a file.
    ///   - batch: the request that asks for several images, each a job of its own.
    ///   - onlooker: who would see unfinished pictures, until ``Generation/forget(_:)``. It looks on before the first run is told how many
    ///     are wanted. Work that has ended, and is on its way into the cache, shows none.
    func accept(
        _ ticket: Ticket,
        for function: String,
        by caller: Caller = .local,
        needsFile: Bool,
        waitedUntil: Timestamp? = nil,
        idempotency: IdempotencyMark? = nil,
        isExempt: Bool = false,
        webhook: Webhook? = nil,
        batch: ImageBatch? = nil,
        onlooker: PartialOnlooker? = nil
    ) async throws -> Job {
        guard !isStopping else { throw AcceptError.stopping }
        guard jobs.count < Self.jobsMax else { throw AcceptError.tooManyJobs(limit: Self.jobsMax) }
        guard let queue = queues[function] else { preconditionFailure("\(function) was not configured") }
        let now = Timestamp.now()
        let tier = isExempt ? caller.tier : tierOf(caller, function, now)
        if let key = ticket.key, !ticket.isFresh, let generation = byKey[key] {
            let job = Job(
                id: UUIDText.version7(),
                caller: caller,
                tier: tier,
                created: now,
                generation: generation,
                idempotency: idempotency,
                webhook: webhook
            )
            follow(job)
            lift(generation, by: job)
            generation.isWaitedFor(until: waitedUntil)
            if let onlooker, !job.isLate { generation.watch(onlooker) }
            guard needsFile else { return job }
            do {
                try await writeFile(of: job)
            } catch {
                if let onlooker { generation.forget(onlooker) }
                throw error
            }
            return job
        }
        // The cap is on what the host's accounts may be charged for.
        let isCounted = !ticket.lanes.isOwn
        let perDay = runsPerDay(of: function)
        guard !isCounted || counts[function, default: DayCount()].allows(now: now, perDay: perDay) else {
            throw AcceptError.dayCap(perDay: perDay, retryAfter: DayCount.secondsToNextDay(now))
        }
        guard files.state.hasRoom else { throw AcceptError.noRoom }
        var ticket = ticket
        if let price = queue.settings.price { ticket.lanes = ticket.lanes.priced(price) }
        ticket.lanes = shared(ticket.lanes)
        let work = NewWork(
            id: UUIDText.version7(),
            function: function,
            ticket: ticket,
            caller: caller,
            now: now,
            waitedUntil: waitedUntil,
            tier: tier,
            isExempt: isExempt,
            batch: batch
        )
        try admit(work)
        let generation = Generation(
            id: work.id,
            function: function,
            ticket: ticket,
            created: now,
            deadline: now + queue.settings.deadline,
            retry: RetryDecision(attempts: queue.settings.attempts),
            standing: standing(of: caller, tier: tier, arrived: now)
        )
        serial += 1
        if !isExempt { generation.serial = serial }
        generation.isWaitedFor(until: waitedUntil)
        if let onlooker { generation.watch(onlooker) }
        generation.payer = caller
        ledger.note(generation)
        generation.owner = caller.owner
        let job = Job(
            id: generation.id,
            caller: caller,
            tier: tier,
            created: now,
            generation: generation,
            idempotency: idempotency,
            webhook: webhook
        )
        if isCounted { counts[function, default: DayCount()].add(at: now) }
        if let key = ticket.key { byKey[key] = generation }
        follow(job)
        // With a free slot the first attempt is in the file from the start: one sync instead of two.
        let runsAtOnce = queue.takeSlot(for: generation)
        if runsAtOnce, generation.hopeless == nil {
            generation.phase = .running
            generation.begin(newAttempt(of: generation))
        }
        do {
            try await writeFile(of: job)
        } catch {
            if runsAtOnce { queue.ended(generation) }
            // Who followed meanwhile may have a file, and a client that knows its id.
            await end(generation, .failure(Self.notStored))
            if !generation.jobs.contains(where: \.hasFile) {
                if isCounted { counts[function]?.takeBack(at: now) }
                takeBack(work)
            }
            throw error
        }
        // The operator may have cancelled it while its file was written.
        guard !generation.isDone else {
            if runsAtOnce { queue.ended(generation) }
            return job
        }
        if runsAtOnce, generation.hopeless != nil {
            begin(generation)
        } else if runsAtOnce {
            start(generation) { [self] in await attempt(generation, writesFirst: false) }
        } else {
            queue.add(generation)
        }
        return job
    }

    /// Equal lanes, which most tickets have, are kept once.
    private func shared(_ lanes: LaneSet) -> LaneSet {
        if let known = lateLanes.first(where: { $0 == lanes }) { return known }
        lateLanes.append(lanes)
        if lateLanes.count > Self.lateLanesMax { lateLanes.removeFirst() }
        return lanes
    }

    /// Gives a follower its own file, before its id is told.
    func writeFile(of job: Job) async throws {
        guard !job.hasFile else { return }
        job.hasFile = true
        do {
            try await files.create(id: job.id, document: JobDocument.stored(job).encoded())
        } catch {
            job.hasFile = false
            throw error
        }
    }
}
