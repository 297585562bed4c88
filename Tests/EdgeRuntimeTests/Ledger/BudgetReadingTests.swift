// Budgets that come while the host runs.
import Callers
import CivilTime
import EdgeLoop
import JSON
import Ledger
import SQLite
import TestSupport
import Testing

@testable import EdgeRuntime

struct BudgetReadingTests: LedgerStoreSuite {
    init() { TestLoop.start() }

    @Test @LoopActor
    func `a budget that comes while the host runs counts what was spent before, and what is spent meanwhile`()
        async throws
    {
        let folder = TemporaryFolder()
        let files = JobFiles(state: try await StateDirectory(path: folder.path))
        let desk = try desk(folder)
        try await desk.load([], of: [], files)
        desk.settle(Self.row("g1", 60, user: "alice"))
        var settings = LedgerSettings()
        settings.budgets = [Budget(name: "each", scope: .user, period: .total, limit: 100)]
        settings.marks = SpendMarks(warn: 80, stop: nil)
        var told: [SpendAlert] = []
        desk.onAlert = { told.append($0) }

        desk.use(settings)
        desk.repeatAlerts()
        desk.settle(Self.row("g2", 30, user: "alice"))
        try await eventually("the budget to be in force") { !desk.book.budgets.isEmpty }

        #expect(desk.book.sums[Subject(.user, "alice")].total == 90)
        // Passed while the sums were read, before the book knew of the amount.
        #expect(told.map(\.kind) == [.warn])
        let payer = Payer(function: "f", tier: "free", user: "alice")
        #expect(desk.book.refusal(of: 11, for: payer, now: .now()) != nil)
        #expect(desk.book.refusal(of: 10, for: payer, now: .now()) == nil)
    }

    @Test @LoopActor
    func `what a budget would count is refused until it is read, and a failure to read it is tried again`()
        async throws
    {
        let folder = TemporaryFolder()
        let files = JobFiles(state: try await StateDirectory(path: folder.path))
        var said: [String] = []
        let desk = LedgerDesk(
            writer: LedgerWriter(store: try LedgerStore(state: folder.path)) { Issue.record("\($0)") }
        ) { said.append("\($0) \($1)") }
        var settings = LedgerSettings()
        settings.budgets = [Budget(name: "all", scope: .all, period: .day, limit: 1000)]
        desk.use(settings)
        try await desk.load([], of: [], files)
        desk.settle(Self.row("g1", 60, user: "alice"))
        try await desk.writer?.flush()
        said = []  // that nothing was reserved for it
        let other = try Database(path: "\(folder.path)/\(LedgerStore.name)", creates: false)
        try other.execute("ALTER TABLE charges RENAME TO away")
        settings.budgets = [Budget(name: "alice's", scope: .user, subject: "alice", period: .day, limit: 100)]

        desk.use(settings)
        #expect(Self.refusal(desk, 1, "alice") == "ledger_unusable")
        #expect(Self.refusal(desk, 0, "alice") == nil)
        #expect(Self.refusal(desk, 1, "bob") == nil, "it would not count him")
        try await eventually("the failure to be told") { !said.isEmpty }
        // Once more, and with other words about the same.
        settings.budgets[0].name = "hers"
        desk.use(settings)
        #expect(desk.book.budgets.map(\.name) == ["all"], "the old ones hold until the new ones are read")
        #expect(Self.refusal(desk, 1, "alice") == "ledger_unusable")
        #expect(Self.refusal(desk, 1001, "bob") == "budget")
        try other.execute("ALTER TABLE away RENAME TO charges")
        try await eventually("the budget to be in force") { desk.book.budgets.map(\.name) == ["hers"] }

        #expect(Self.refusal(desk, 41, "alice") == "budget")
        #expect(Self.refusal(desk, 40, "alice") == nil)
        try await eventually("its end to be told, after \(said)") { said.last?.contains("are taken over") == true }
        #expect(said.count == 2, "\(said)")
    }

    @Test @LoopActor
    func `under another time zone a day's budget refuses until that day is read, and one in all does not`()
        async throws
    {
        let folder = TemporaryFolder()
        let files = JobFiles(state: try await StateDirectory(path: folder.path))
        let desk = try desk(folder)
        var settings = LedgerSettings()
        settings.budgets = [
            Budget(name: "alice's", scope: .user, subject: "alice", period: .day, limit: 100),
            Budget(name: "bob's", scope: .user, subject: "bob", period: .total, limit: 100),
        ]
        settings.marks = SpendMarks(warn: nil, stop: nil)
        desk.use(settings)
        try await desk.load([], of: [], files)
        let file = ZoneFile.bytes(offsets: [(18_000, false)], footer: "<+05>-5")
        settings.zone = try #require(TimeZone(name: "Test/Zone", file: file))
        #expect(Self.refusal(desk, 1, "alice") == nil)

        desk.use(settings)

        #expect(Self.refusal(desk, 1, "alice") == "ledger_unusable")
        #expect(Self.refusal(desk, 1, "bob") == nil)
        try await eventually("the other day to be known") { desk.inForce == settings }
        #expect(Self.refusal(desk, 1, "alice") == nil)
    }
}
