// What the host does with all jobs: takes them up at its start, lets go of them when it stops.
internal import Callers
internal import CivilTime
internal import EdgeLoop
internal import JSON
internal import Retry

extension JobBoard {
    /// Takes up what the files tell, at start. Call it once, after every function was configured.
    /// - Parameter ended: generations that had ended when the host died, before all of their jobs' files told so. Their work is not
    ///   done again.
    func adopt(_ recovered: [RecoveredJob], ended: [String: EndedGeneration] = [:]) async {
        var adopted: [(RecoveredJob, Generation)] = []
        for (id, group) in Dictionary(grouping: recovered, by: \.generation).sorted(by: { $0.key < $1.key }) {
            // The one that knows most is the one that carried the attempts; equal ones were accepted in the order of their ids.
            let ordered = group.sorted { $0.knowledge == $1.knowledge ? $0.id < $1.id : $0.knowledge > $1.knowledge }
            guard let owner = ordered.first else { continue }
            let generation = generation(of: owner, among: ordered)
            ledger.restore(owner, generation, hasEnded: ended[id] != nil)
            adopted.append((owner, generation))
        }
        // What all of them hold is known before any asks for more.
        for (owner, generation) in adopted { await goOn(with: generation, owner, ended: ended[generation.id]) }
    }

    private func generation(of owner: RecoveredJob, among ordered: [RecoveredJob]) -> Generation {
        let settings = queues[owner.function]?.settings ?? JobSettings()
        let generation = Generation(
            id: owner.generation,
            function: owner.function,
            ticket: owner.ticket,
            created: owner.created,
            deadline: owner.deadline,
            retry: RetryDecision(attempts: settings.attempts, failures: owner.failures, waits: owner.waits),
            standing: standing(of: owner.caller, tier: owner.tier, arrived: owner.created)
        )
        generation.restore(
            attempts: owner.attempts,
            omitted: owner.attemptsOmitted,
            resumeState: owner.resumeState,
            started: owner.started
        )
        let first = ordered.first { $0.id == owner.generation } ?? owner
        generation.serial = first.serial
        generation.lane = owner.lane
        generation.owner = owner.payer.owner
        generation.unsure = owner.unsure
        generation.tried = owner.tried
        generation.payer = owner.payer
        for recovered in ordered {
            let job = Job(
                id: recovered.id,
                caller: recovered.caller,
                tier: recovered.tier,
                created: recovered.created,
                generation: generation,
                idempotency: recovered.idempotency,
                webhook: recovered.webhook
            )
            job.hasFile = true
            follow(job)
            lift(generation, by: job)
        }
        return generation
    }

    private func goOn(with generation: Generation, _ owner: RecoveredJob, ended: EndedGeneration?) async {
        let settings = queues[owner.function]?.settings ?? JobSettings()
        if let ended {
            generation.restore(
                attempts: ended.attempts ?? EndedGeneration.succeeded(owner.attempts),
                omitted: owner.attemptsOmitted,
                resumeState: nil,
                started: owner.started
            )
            return await end(generation, ended.result)
        }
        if let key = generation.ticket.key, byKey[key] == nil { byKey[key] = generation }
        guard let queue = queues[owner.function] else {
            let message = "The function \"\(owner.function)\" is not in functions.json any more."
            return await end(generation, .failure(JobFailure(status: 404, code: "NOT_FOUND", message: message)))
        }
        if let last = owner.attempts.last, last.outcome == .lost, last.isPerhapsPaid, settings.perhapsPaid == .fail {
            return await end(generation, .failure(.perhapsPaid(last.error ?? "the host stopped under it")))
        }
        if generation.attempts.last?.outcome == .lost, generation.attempts.last?.isCharged == true,
            let failure = ledger.reserveAgain(generation, now: .now())
        {
            return await end(generation, .failure(failure))
        }
        if owner.resumeState != nil, let lane = owner.lane {
            lanes.goesOn(lane, at: .now())
            generation.isHeld = true
        }
        if let due = owner.due {
            generation.phase = .waiting(until: due)
            queue.wait(generation, until: due)
        } else {
            queue.add(generation)
        }
    }

    /// Counts a run that the files tell of, at start.
    func countRun(of function: String, at moment: Timestamp) {
        counts[function, default: DayCount()].add(at: moment)
    }

    /// Starts nothing more and accepts nothing more. What runs may go on.
    func stop() {
        isStopping = true
        for queue in queues.values { queue.stop() }
    }

    /// Waits until nothing runs and no provider is still to be told, or until the waiting task is cancelled.
    func runningEnded() async {
        while !isIdle, await taskEnded.wait(unless: { isIdle }) {}
    }

    private var isIdle: Bool { tasks.isEmpty && leftTasks.isEmpty }

    /// Lets go of what still runs, without a word in its files: the next host takes it up.
    func abandon() {
        for task in tasks.values { task.cancel() }
    }

    /// Wakes everybody who waits, so that they can be told to come back later.
    func wakeAll() {
        for job in jobs.values { job.generation.changes.notify() }
    }
}
