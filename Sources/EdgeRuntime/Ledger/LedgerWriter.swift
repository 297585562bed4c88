// Charges on their way into the database: gathered, written on the pool, tried again.
internal import CivilTime
internal import EdgeLoop
internal import Ledger
internal import SQLite

/// Writes behind the loop's back. Nothing waits for it but what removes a job: until a charge is durable, the job's file tells of it.
@LoopActor
final class LedgerWriter {
    private let store: LedgerStore
    private let log: @LoopActor (String) -> Void
    /// Charges that are not durable yet, the oldest first.
    private(set) var unwritten: [ChargeRow] = []
    private(set) var failure: SQLiteError?
    private let written = ChangeSignal()
    private var isWriting = false
    private var timer: LoopTimer?
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// With more than this the host refuses paid work: its database cannot be written.
    static let unwrittenMax = 100_000
    private static let batchMax = 5000
    /// How long charges are gathered: a sync for each would slow down those of the job files.
    private static let gathering = Duration.milliseconds(50)
    private static let pauseAfterFailure = Duration.seconds(1)

    init(store: LedgerStore, log: @escaping @LoopActor (String) -> Void) {
        self.store = store
        self.log = log
    }

    /// Runs blocking work with the database, one after the other.
    func perform<Output: Sendable>(
        _ work: @escaping @Sendable (LedgerStore) throws(SQLiteError) -> Output
    ) async throws -> Output {
        if isBusy { await withCheckedContinuation { waiting.append($0) } }
        isBusy = true
        defer {
            if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
        }
        return try await Pool.run { [store] in try work(store) }
    }

    func add(_ row: ChargeRow) {
        unwritten.append(row)
        if timer == nil, !isWriting { writeSoon(after: Self.gathering) }
    }

    /// Returns when all money that a job has spent is durable, known or not how much it was. What cost nothing is not waited for:
    /// removing jobs is how a full disk gets room.
    /// - Throws: why they cannot be written.
    func settled(_ generation: String) async throws {
        while unwritten.contains(where: { $0.generation == generation && $0.isSpending }) { try await writeOnce() }
    }

    /// Returns when all charges so far are durable.
    func flush() async throws {
        let count = unwritten.count
        var left = count
        while left > 0, !unwritten.isEmpty {
            let before = unwritten.count
            try await writeOnce()
            left -= max(1, before - unwritten.count)
        }
    }

    private func writeOnce() async throws {
        failure = nil
        write()
        guard await written.wait(unless: { !isWriting }) else { throw CancellationError() }
        if let failure { throw failure }
    }

    private func writeSoon(after pause: Duration) {
        timer?.cancel()
        timer = LoopTimer(after: pause) { [unowned self] in write() }
    }

    private func write() {
        timer?.cancel()
        timer = nil
        guard !isWriting, !unwritten.isEmpty else { return }
        isWriting = true
        let batch = Array(unwritten.prefix(Self.batchMax))
        let through = batch.count == unwritten.count ? Timestamp.now() : batch.map(\.at).min()
        Task { @LoopActor in
            let wasFailing = failure != nil
            do {
                try await perform { (store) throws(SQLiteError) in try store.add(batch, through: through) }
                unwritten.removeFirst(batch.count)
                failure = nil
            } catch {
                failure = error as? SQLiteError
                if !wasFailing { log("charges cannot be kept, and are tried again each second: \(error)") }
            }
            isWriting = false
            if !unwritten.isEmpty { writeSoon(after: failure == nil ? Self.gathering : Self.pauseAfterFailure) }
            written.notify()
        }
    }
}
