// Whether there is money for a job: when it is accepted, and whenever a run of it is to begin.
internal import Callers
internal import CivilTime
internal import EdgeLoop
internal import Ledger
internal import SQLite

extension LedgerDesk: JobGuard {
    /// Reserves the highest price among the lanes that there is money for.
    func admit(_ work: NewWork) throws(Problem) {
        let payer = Payer(function: work.function, caller: work.caller)
        let lanes = lanes(for: work)
        guard !lanes.open.isEmpty else {
            refused(lanes)
            throw lanes.problem(work.function)
        }
        if lanes.mayCost {
            if let trouble = trouble ?? writeTrouble { throw .ledgerUnusable(trouble) }
            if let budget = unread.first(for: payer, at: lanes.open.map(\.provider)) { throw .unread(budget) }
        }
        do {
            try book.reserve(lanes.highestPrice, for: work.id, by: payer, now: work.now)
        } catch {
            raiseAlerts()
            throw .budget(error)
        }
        raiseAlerts()
    }

    /// The lanes that there is money for, now.
    func lanes(for work: NewWork) -> LanesWithMoney {
        let payer = Payer(function: work.function, caller: work.caller)
        return book.lanes(work.ticket.lanes, for: work.id, by: payer, now: work.now)
    }

    /// Work ends or is not begun, since there is money for no lane: tells of the day's amount where that is why.
    func refused(_ lanes: LanesWithMoney) {
        book.refuse(lanes)
        raiseAlerts()
    }

    func takeBack(_ work: NewWork) { book.release(work.id) }

    private var writeTrouble: String? {
        guard let writer, writer.unwritten.count >= LedgerWriter.unwrittenMax else { return nil }
        return writer.failure?.description ?? "charges come faster than they can be written"
    }

    /// The lanes that the next run of this work may go to.
    func lanes(for generation: Generation, among set: LaneSet, now: Timestamp) -> LanesWithMoney {
        book.lanes(set, for: generation.id, by: payer(of: generation), unread: unread, now: now)
    }

    /// A run is about to be written down. In one turn of the loop with ``lanes(for:among:now:)``.
    func begins(_ generation: Generation, on lane: Lane) {
        guard lane.price ?? 0 > 0 else { return }
        book.begin(generation.id, on: lane, by: payer(of: generation))
        note(generation)
    }

    /// What the job held has been spent on an attempt that brought nothing: reserves for the next one.
    /// - Returns: how the job ends when there is no room; nil: it goes on.
    func reserveAgain(_ generation: Generation, now: Timestamp) -> JobFailure? {
        let payer = payer(of: generation)
        let lanes = generation.ticket.lanes
        if let barred = book.reserveAgain(lanes, for: generation.id, by: payer, unread: unread, now: now) {
            raiseAlerts()
            return JobFailure(barred.problem(generation.function), before: "An attempt may have been paid. ")
        }
        note(generation)
        return nil
    }
}

extension JobFailure {
    /// A refusal that ends a job which had been accepted.
    init(_ problem: Problem, before: String = "") {
        self.init(
            status: problem.status,
            code: problem.code,
            message: before + problem.message,
            retryAfter: problem.retryAfter,
            details: problem.more
        )
    }
}
