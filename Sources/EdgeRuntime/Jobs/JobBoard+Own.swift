// Work of the host's own: on disk, retried and taken up again like any job, but asked for by nobody.
internal import Callers
internal import CivilTime
internal import EdgeLoop
internal import Retry

extension JobBoard {
    /// Whether a job of that id is known, ended or not.
    func knows(_ id: String) -> Bool { jobs[id] != nil || files.knows(id) }

    /// Makes a job that no limit and no budget counts. When this returns, it survives anything.
    /// - Parameter id: chosen by who asks, so that the same work is made once: ask ``knows(_:)`` first, in the same turn.
    /// - Throws: what the disk says; then there is no such job.
    func acceptOwn(_ ticket: Ticket, for function: String, id: String) async throws {
        guard let queue = queues[function] else { preconditionFailure("\(function) was not configured") }
        let now = Timestamp.now()
        let generation = Generation(
            id: id,
            function: function,
            ticket: ticket,
            created: now,
            deadline: now + queue.settings.deadline,
            retry: RetryDecision(attempts: queue.settings.attempts),
            standing: standing(of: .local, arrived: now)
        )
        let job = Job(id: id, caller: .local, created: now, generation: generation)
        follow(job)
        do {
            try await writeFile(of: job)
        } catch {
            forget(generation)
            throw error
        }
        if !generation.isDone { queue.add(generation) }
    }
}
