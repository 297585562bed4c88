// As whose work a generation waits, where it is in its queue, and when it is expected to begin.
internal import Callers
internal import CivilTime

extension JobBoard {
    /// The standing of work that one caller asks for.
    /// - Parameter tier: in whose order it goes; nil: the caller's own.
    func standing(of caller: Caller, tier: Tier? = nil, arrived: Timestamp) -> Standing {
        let tier = tier ?? caller.tier
        return Standing(tier: tier, user: QueueUser(caller), startBy: arrived + tiers[tier].wait)
    }

    private func standing(of job: Job) -> Standing { standing(of: job.caller, tier: job.tier, arrived: job.created) }

    /// Work that several ask for goes as that of the one who is served first: a better tier counts, and is never later than before.
    func lift(_ generation: Generation, by job: Job) {
        guard !generation.isDone else { return }
        var better = standing(of: job)
        better.startBy = min(better.startBy, generation.standing.startBy)
        let queue = queues[generation.function]
        guard better.tier >= generation.tier, better.user != generation.standing.user || better.tier > generation.tier,
            better.tier > generation.tier || queue?.isBetter(better, for: generation) ?? false
        else { return }
        generation.standing = better
        queue?.reorder(generation)
    }

    /// Who gave it its standing has left: it goes as the work of those who stay.
    func settleStanding(of generation: Generation) {
        guard let first = generation.jobs.first else { return }
        generation.standing = standing(of: first)
        queues[generation.function]?.reorder(generation)
        for job in generation.jobs.dropFirst() { lift(generation, by: job) }
    }

    // MARK: What others see

    /// Where a job is in its queue; nothing once it runs or has ended.
    func place(of job: Job) -> JobPlace {
        let generation = job.generation
        guard job.canceledAt == nil, let queue = queues[generation.function] else { return .none }
        switch generation.phase {
        case .queued:
            let now = Timestamp.now()
            guard let position = queue.position(of: generation) else { return .none }
            return JobPlace(position: position, estimatedStart: queue.estimatedStart(of: generation, now: now))
        case .waiting(let due): return JobPlace(estimatedStart: due)
        case .running, .done: return .none
        }
    }

    /// When new work would be expected to begin; nil: nobody knows.
    func estimatedStart(ofNew work: NewWork) -> Timestamp? {
        guard let queue = queues[work.function] else { return nil }
        let money = ledger.lanes(for: work)
        guard money.bar == nil else { return nil }
        let set = money.left(of: work.ticket.lanes) ?? work.ticket.lanes
        let deadline = work.now + queue.settings.deadline
        return queue.estimatedStart(
            ofNew: work.id,
            standing(of: work.caller, tier: work.tier, arrived: work.now),
            now: work.now
        ) { [lanes] ahead in
            lanes.block(
                for: set,
                lateAfter: min(work.waitedUntil ?? deadline, deadline),
                now: work.now,
                ahead: ahead
            )
        }
    }
}
