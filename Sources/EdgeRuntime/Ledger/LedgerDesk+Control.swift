// What the operator sees of the ledger, and does with it.
internal import CivilTime
internal import EdgeLoop
internal import JSON
internal import Ledger
internal import SQLite

extension LedgerDesk {
    /// Subjects of a budget that are listed, those who have spent most.
    private static let listedMax = 10

    /// Nothing that costs money begins any more, until ``resume()``. What runs goes on.
    func stop() async throws {
        book.isStopped = true
        onStopped()
        try await keepNotes()
    }

    /// Paid work goes on: after a stop by hand, and after the day's amount was spent, which is allowed once more.
    /// - Returns: what that has changed.
    func resume() async throws -> LedgerBook.Resumption {
        let resumption = book.resume(now: .now())
        try await keepNotes()
        onResumed()
        return resumption
    }

    /// Makes durable what the operator has said, and whether the day's amount has stopped paid work.
    func keepNotes() async throws {
        guard let writer else { return }
        let notes: [LedgerStore.Note: String?] = [
            .stopped: book.isStopped ? Timestamp.now().iso8601 : nil,
            .stoppedDay: book.stoppedDay.map { "\($0.milliseconds)/\(book.marks.stop ?? 0)/\(book.leastRefused)" },
            .resumedDay: book.resumed.map { String($0.day.milliseconds) },
            .resumedSpent: book.resumed.map { String($0.spent) },
            .told: told.isEmpty ? nil : told.sorted().joined(separator: ","),
            .resumedTimes: book.resumed.map { String($0.times) },
        ]
        do {
            try await writer.perform { (store) throws(SQLiteError) in try store.keep(notes) }
        } catch {
            throw Problem(
                status: 503,
                code: "ledger_unusable",
                message: "it holds until the host ends, but could not be written down: \(error)"
            )
        }
    }

    /// `edge spend`.
    func document(now: Timestamp) -> JSONObject {
        book.advance(to: now)
        let marks = book.marks
        var object: JSONObject = [
            "today": .integer(book.spentToday), "month": .integer(book.spentThisMonth),
            "reserved": .integer(book.reservedInAll), "dayEnds": .string(book.sums.clock.nextDay.iso8601),
            "warn": marks.warn.map { .integer($0) } ?? .null, "stop": marks.stop.map { .integer($0) } ?? .null,
            "state": .string(book.isStopped ? "stopped" : book.hasStoppedToday ? "stopped by itself" : "open"),
            "unwritten": .integer(Int64(writer?.unwritten.count ?? 0)),
        ]
        object["budgets"] = .array(budgetRows)
        return object
    }

    private var budgetRows: [JSONValue] {
        var rows: [JSONValue] = []
        for budget in wanted.budgets {
            let subjects =
                budget.subject.map { [$0] }
                ?? (budget.scope == .all
                    ? [""] : book.sums.highest(of: budget.scope, in: budget.period, count: Self.listedMax).map(\.name))
            for name in subjects.isEmpty ? ["each"] : subjects { rows.append(row(of: budget, name)) }
        }
        let keys = wanted.keyBudgets.map { ($0, book.sums[Subject(.key, $0.subject ?? "")][$0.period]) }
        for (budget, _) in keys.sorted(by: { $0.1 > $1.1 }).prefix(Self.listedMax) {
            rows.append(row(of: budget, budget.subject ?? ""))
        }
        return rows
    }

    private func row(of budget: Budget, _ name: String) -> JSONValue {
        let subject = Subject(budget.scope, name)
        return [
            "name": .string(budget.name), "for": .string(budget.scope.rawValue),
            "subject": .string(wanted.names.shown(name)),
            "per": .string(budget.period.rawValue), "limit": .integer(budget.limit),
            "spent": .integer(book.spent(budget, subject)), "reserved": .integer(book.reserved(of: subject)),
            "renews": book.sums.clock.renewal(of: budget.period).map { .string($0.iso8601) } ?? .null,
        ]
    }

    /// `edge usage`.
    func usage(by grouping: UsageGrouping, since: Timestamp?) async throws -> JSONObject {
        guard let writer else { return UsageReport.document(grouping, [], KeyNames()) }
        try await writer.flush()
        let zone = wanted.zone
        let lines = try await writer.perform { (store) throws(SQLiteError) in
            try store.usage(by: grouping, since: since, zone: zone)
        }
        return UsageReport.document(grouping, lines, wanted.names)
    }

    /// Returns when all charges of a job are durable, so that its file may go.
    func settled(_ generation: String) async throws {
        do {
            try await writer?.settled(generation)
        } catch is SQLiteError {
            throw Problem(
                status: 503,
                code: "ledger_unusable",
                message:
                    "the job's charge cannot be written into the ledger, so its file must stay; the host's log says why. "
                    + "Try again later",
                retryAfter: 10
            )
        }
    }

    func observe(_ metrics: Metrics) {
        metrics.observed(
            "edge_spent_dollars_total",
            "Money spent since the start of the host.",
            labels: ["provider"]
        ) { [unowned self] in
            spentSinceStart.map { ([$0.key], Double($0.value) / 1_000_000) }
        }
        metrics.observed(
            "edge_reserved_dollars",
            "Money that unfinished jobs hold; without a provider while none is chosen.",
            labels: ["provider"]
        ) { [unowned self] in
            Dictionary(grouping: book.holds.values) { $0.provider ?? "" }.map {
                // As numbers that cannot overflow: each alone may be as high as a price can be.
                ([$0.key], $0.value.reduce(0.0) { $0 + Double($1.amount) } / 1_000_000)
            }
        }
        metrics.observed("edge_spent_today_dollars", "Money spent today.") { [unowned self] in
            book.advance(to: .now())
            return Double(book.spentToday) / 1_000_000
        }
        metrics.observed(
            "edge_spend_stopped",
            "Whether paid work is refused: 0 no, 1 what the rest of the day's amount does not pay for, 2 all, by the operator."
        ) { [unowned self] in book.isStopped ? 2 : book.hasStoppedToday ? 1 : 0 }
        metrics.observed("edge_spend_alerts_total", "Alerts about spending.", labels: ["kind"]) { [unowned self] in
            alertCounts.map { ([$0.key.rawValue], Double($0.value)) }
        }
        metrics.observed("edge_ledger_unwritten", "Charges that only job files tell of yet.") { [unowned self] in
            Double(writer?.unwritten.count ?? 0)
        }
    }
}
