// The ledger of a running host: the book decides in memory, the database remembers.
internal import Callers
internal import CivilTime
internal import EdgeLoop
internal import FileReading
internal import JSON
internal import Ledger

/// Reserves, settles and releases the money of jobs.
///
/// Between a job's acceptance and its end its file is what tells of its money: what it holds (`reserved`), who pays (`payer`) and what each
/// attempt has cost. The database has charges alone, and each of them once; it may lag behind.
@LoopActor
final class LedgerDesk {
    var book: LedgerBook
    let writer: LedgerWriter?
    let log: @LoopActor (LogLevel, String) -> Void
    /// Told of every alert, after it was logged: for whoever passes it on.
    var onAlert: @LoopActor (SpendAlert) -> Void = { _ in }
    /// Paid work is stopped by hand: what waits begins nobody knows when.
    var onStopped: @LoopActor () -> Void = {}
    /// Paid work may go on, and jobs that were held back look again.
    var onResumed: @LoopActor () -> Void = {}
    /// Micro-dollars since the start, by provider.
    private(set) var spentSinceStart: [String: Int64] = [:]
    private(set) var alertCounts: [SpendAlert.Kind: Int] = [:]
    /// Charges of unfinished jobs that the database had at start: they are not counted again.
    var known: Set<String> = []
    /// Why no paid work is accepted; nil: it is.
    var trouble: String?
    /// What the settings and keys want counted.
    var wanted = LedgerSettings()
    /// What the book goes by: the sums that these need are known.
    var inForce = LedgerSettings()
    /// Budgets that are wanted and not in force yet: what they would count is refused until they are.
    var unread = BudgetIndex()
    /// Whether somebody reads the sums for what is wanted, or will try again.
    var isReading = false
    /// While sums are read: what is spent meanwhile.
    var late: [ChargeRow]?
    var isLoaded = false
    /// Names of the alerts of a day that are on their way: their deliveries' files may be gone before the day is.
    var told: Set<String> = []
    /// What tells this ledger's alerts from those of other hosts.
    var name = ""

    /// - Parameter writer: nil: nothing is remembered.
    init(
        writer: LedgerWriter? = nil,
        log: @escaping @LoopActor (LogLevel, String) -> Void = { _, _ in }
    ) {
        self.writer = writer
        self.log = log
        let clock = PeriodClock(.utc, now: .now())
        book = LedgerBook(sums: SpentSums(clock: clock, scopes: LedgerBook.alwaysKept))
        if writer != nil { trouble = "the ledger is not read yet" }
    }

    /// What a job holds, as its document shows it.
    func note(_ generation: Generation) { generation.reserved = book.holds[generation.id]?.amount ?? 0 }

    func payer(of generation: Generation) -> Payer { Payer(function: generation.function, caller: generation.payer) }

    // MARK: Settling

    /// Work has succeeded: what it cost is what its provider told, else the price.
    func bought(_ generation: Generation, _ result: JobResult) {
        if let lane = generation.lane {
            // The host's own work, such as deliveries, is nobody's purchase.
            guard !lane.isOfHost else { return unpaid(generation) }
            if lane.isOwn { return charge(generation, 0, .own, at: .now()) }
        }
        let told = result.facts["cost"]?.integer
        let price = generation.lane?.price
        let isEstimate = told == nil || result.facts["costEstimated"]?.bool == true
        charge(
            generation,
            told ?? price,
            told == nil && price == nil ? .unknown : isEstimate ? .listed : .told,
            at: .now()
        )
    }

    /// An attempt has brought nothing and may have cost its price, known or not, or has cost what was told.
    /// - Returns: whether that has taken what the job holds.
    func lost(_ generation: Generation, told: Int64?, at moment: Timestamp) -> Bool {
        guard let lane = generation.lane, let amount = told ?? lane.price else {
            guard let lane = generation.lane, !lane.isOfHost else { return false }
            charge(generation, nil, .unknown, at: moment)
            return true
        }
        guard amount > 0 else { return false }
        charge(generation, amount, told == nil ? .perhaps : .told, at: moment)
        return true
    }

    /// A run has ended, and it is known that its provider is not paid for it.
    func unpaid(_ generation: Generation) {
        generation.isSent = false
        book.unbind(generation.id)
    }

    /// The work is over without a result.
    func ended(_ generation: Generation) {
        if generation.isSent {
            generation.isSent = false
            if lost(generation, told: nil, at: .now()) { generation.markPerhapsPaid() }
        }
        book.release(generation.id)
        note(generation)
    }

    private func charge(_ generation: Generation, _ amount: Int64?, _ kind: ChargeRow.Kind, at moment: Timestamp) {
        generation.isSent = false
        let number = generation.attempts.last?.purchase ?? 0
        generation.noteCost(amount.map(ChargeRow.bounded))
        settle(
            ChargeRow(
                generation: generation.id,
                attempt: number,
                at: generation.attempts.last?.ended ?? moment,
                payer: payer(of: generation),
                lane: generation.lane?.name ?? generation.function,
                provider: generation.lane?.provider ?? generation.function,
                model: generation.lane?.model,
                amount: ChargeRow.bounded(amount ?? 0),
                kind: kind
            )
        )
        note(generation)
    }

    func settle(_ row: ChargeRow) {
        guard !known.contains(row.id) else { return book.release(row.generation) }
        let over = book.settle(row, now: .now())
        if over > 0, row.kind == .told {
            log(
                .warning,
                "job \(row.generation): \(row.provider) took \(MoneyText.text(of: over)) more than the price that was reserved; "
                    + "correct the price list"
            )
        }
        spentSinceStart[row.provider, default: 0] += min(row.amount, .max - spentSinceStart[row.provider, default: 0])
        late?.append(row)
        writer?.add(row)
        raiseAlerts()
    }

    func raiseAlerts() {
        for alert in book.takeAlerts() {
            alertCounts[alert.kind, default: 0] += 1
            if alert.kind == .stop { keepStop() }
            log(alert.kind == .warn ? .warning : .error, SpendEvent.sentence(alert))
            if !told.contains(alert.name) { onAlert(alert) }
        }
    }

    /// An alert is on disk for its receiver, and is not handed over again.
    func keepTold(_ alert: SpendAlert) async {
        // Those of other days are not asked about any more.
        told = told.filter { $0.contains(" \(alert.since.milliseconds) ") }
        told.insert(alert.name)
        do {
            try await keepNotes()
        } catch {
            log(.warning, "that an alert was handed over could not be written down; it may come again: \(error)")
        }
    }

    /// So that a restart does not tell of it once more.
    private func keepStop() {
        Task { @LoopActor in
            do {
                try await keepNotes()
            } catch {
                log(.warning, "that today's amount is used could not be written down: \(error)")
            }
        }
    }

    /// Tells of today's alerts once more: the host may have died between an alert and its being passed on.
    func repeatAlerts() {
        book.advance(to: .now())
        for alert in book.standingAlerts() where !told.contains(alert.name) { onAlert(alert) }
    }
}
