// The ledger at start, and when settings change: what the database and the job files tell is put together.
internal import CivilTime
internal import Digest
internal import EdgeLoop
internal import JSON
internal import Ledger
internal import SQLite

extension LedgerDesk {
    /// A batch of charges that job files tell of.
    private static let batch = 5000
    /// Sums that could not be read are asked for again after this.
    private static let pauseAfterFailure = Duration.seconds(1)

    /// Reads the database, adds what it has missed, and knows from then on what was spent. Call it once, before jobs are taken up.
    /// - Parameters:
    ///   - rows: charges of unfinished jobs.
    ///   - generations: all unfinished ones.
    func load(_ rows: [ChargeRow], of generations: [String], _ files: JobFiles) async throws {
        guard let writer else { return }
        let notes = try await writer.perform { (store) throws(SQLiteError) in try store.notes() }
        var found = rows
        // A job's file moves right after its charge: one that is missing is of the last day that was complete, or later.
        let through = notes[.settledThrough].flatMap { Int64($0) }.map {
            Timestamp(milliseconds: $0) - .seconds(86_400)
        }
        for day in files.finished.dayNames where through.map({ day >= $0.day }) ?? true {
            await files.eachFinished(day: day) { stored in
                if let document = try? Housekeeping.document(stored.document) { found += ChargeRow.rows(in: document) }
            }
        }
        for start in stride(from: 0, to: found.count, by: Self.batch) {
            let batch = Array(found[start..<min(start + Self.batch, found.count)])
            try await writer.perform { (store) throws(SQLiteError) in try store.add(batch, through: nil) }
        }
        let now = Timestamp.now()
        known = try await writer.perform { (store) throws(SQLiteError) in
            try store.add([], through: now)
            return try store.ids(of: generations)
        }
        book.isStopped = notes[.stopped] != nil
        name = try await ledgerName(notes)
        told = Set((notes[.told] ?? "").split(separator: ",").map(String.init))
        if let day = notes[.resumedDay].flatMap({ Int64($0) }), let spent = notes[.resumedSpent].flatMap({ Int64($0) })
        {
            let times = notes[.resumedTimes].flatMap { Int($0) } ?? 1
            book.restoreResumed(day: Timestamp(milliseconds: day), spent: spent, times: times)
        }
        isLoaded = true
        try await readSums()
        // After the settings, whose own amount is another one than the book begins with.
        let stopped = notes[.stoppedDay]?.split(separator: "/").compactMap { Int64($0) } ?? []
        if stopped.count >= 2, stopped[1] == book.marks.stop {
            // Older ones did not write down what was refused.
            let refused = stopped.count > 2 ? stopped[2] : .max
            book.restoreStopped(day: Timestamp(milliseconds: stopped[0]), refused: refused)
        }
        trouble = nil
    }

    /// Made once for a state folder.
    private func ledgerName(_ notes: [LedgerStore.Note: String]) async throws -> String {
        if let name = notes[.name] { return name }
        let name = UUIDText.version4()
        try await writer?.perform { (store) throws(SQLiteError) in try store.keep([.name: name]) }
        return name
    }

    /// Goes over to other settings: at once where what they count is known, else when it was read. Until then the old budgets hold, and
    /// what a new one would count is refused.
    func use(_ settings: LedgerSettings) {
        wanted = settings
        let isKnown = inForce.knowsEnough(for: settings)
        guard writer != nil else {
            let clock = PeriodClock(settings.zone, now: .now())
            return goOver(to: settings, isKnown ? nil : SpentSums(clock: clock, scopes: settings.scopes))
        }
        guard isLoaded else { return }
        if late == nil, isKnown { return goOver(to: settings) }
        // Another zone's day is another one, and so is its month.
        let held = Set(inForce.limits.filter { settings.zone == inForce.zone || $0.period == .total })
        unread = BudgetIndex(settings.limits.filter { !held.contains($0) })
        guard !isReading else { return }
        isReading = true
        Task { @LoopActor in
            defer { isReading = false }
            await readUntilInForce()
        }
    }

    private func readUntilInForce() async {
        var hasFailed = false
        while inForce != wanted {
            do {
                try await readSums()
            } catch {
                if !hasFailed {
                    log(
                        .error,
                        "the budgets are not taken over: what new ones count is refused, the old ones hold, and it is tried again each "
                            + "second: \(error)"
                    )
                }
                hasFailed = true
                guard (try? await sleep(for: Self.pauseAfterFailure)) != nil else { return }
            }
        }
        if hasFailed { log(.info, "the budgets are taken over") }
        // What was passed before is told as well: the book could not know of it.
        repeatAlerts()
    }

    private func goOver(to settings: LedgerSettings, _ sums: SpentSums? = nil) {
        book.use(settings.all, settings.marks, sums: sums, now: .now())
        inForce = settings
        unread = BudgetIndex()
        onResumed()
    }

    /// Reads what was spent of all that is wanted, and goes over to it.
    private func readSums() async throws {
        guard let writer else { return }
        repeat {
            let settings = wanted
            let clock = PeriodClock(settings.zone, now: .now())
            let unwritten = writer.unwritten
            let zoneName = settings.zoneName
            late = []
            defer { late = nil }
            let spent = try await writer.perform { (store) throws(SQLiteError) in
                try store.add(unwritten, through: nil)
                try store.keep([.timeZone: zoneName])
                return try store.sums(of: settings.scopes, totals: settings.totals, clock: clock)
            }
            var sums = SpentSums(clock: clock, scopes: settings.scopes, spent: spent)
            for row in late ?? [] {
                sums.add(row.amount, of: row.payer, provider: row.provider, at: row.at, now: .now())
            }
            if wanted == settings { return goOver(to: settings, sums) }
        } while true
    }

    // MARK: Jobs of before

    /// Takes up what an unfinished job holds; all of them before any is asked for more.
    func restore(_ job: RecoveredJob, _ generation: Generation, hasEnded: Bool) {
        let payer = payer(of: generation)
        book.restore(
            job.reserved ?? job.ticket.lanes.lanes.compactMap(\.price).max() ?? 0,
            for: generation.id,
            by: payer
        )
        defer { note(generation) }
        guard !hasEnded, let last = generation.attempts.last, !last.isCharged else { return }
        // A provider works on it, or will be asked whether it does.
        generation.isSent =
            job.resumeState != nil || job.unsure != nil || last.outcome == .deferred && last.status == 202
        if generation.isSent, let lane = generation.lane {
            begins(generation, on: lane)
        } else if last.outcome == .lost, last.isPerhapsPaid {
            _ = lost(generation, told: nil, at: last.ended ?? .now())
        }
    }
}
