// The day's amount and the stop by hand: what the ledger remembers and tells of them.
import Callers
import CivilTime
import EdgeLoop
import Ledger
import TestSupport
import Testing

@testable import EdgeRuntime

struct SpendStopTests: LedgerStoreSuite {
    init() { TestLoop.start() }

    @Test @LoopActor func `a stop by hand and its end survive the host`() async throws {
        let folder = TemporaryFolder()
        let files = JobFiles(state: try await StateDirectory(path: folder.path))
        var settings = LedgerSettings()
        settings.marks = SpendMarks(warn: nil, stop: 100)
        let payer = Payer(function: "f", tier: "free", user: "u")
        let first = try desk(folder, settings)
        try await first.load([], of: [], files)
        first.settle(Self.row("g", 100))
        #expect(Self.refusal(first, 1, "u") == "spend_stopped")
        try await first.stop()
        try await first.writer?.flush()

        let second = try desk(folder, settings)
        try await second.load([], of: [], files)
        #expect(second.book.isStopped)
        #expect(try await second.resume() == .amount)

        let third = try desk(folder, settings)
        try await third.load([], of: [], files)
        #expect(!third.book.isStopped)
        #expect(third.book.refusal(of: 100, for: payer, now: .now()) == nil)
        #expect(third.book.refusal(of: 101, for: payer, now: .now()) != nil)
    }

    @Test @LoopActor func `that the day's amount has stopped paid work is told once, also over a restart`() async throws
    {
        let folder = TemporaryFolder()
        let files = JobFiles(state: try await StateDirectory(path: folder.path))
        var settings = LedgerSettings()
        settings.marks = SpendMarks(warn: nil, stop: 100)
        let first = try desk(folder, settings)
        try await first.load([], of: [], files)
        first.settle(Self.row("g", 100))
        #expect(Self.refusal(first, 1, "u") == "spend_stopped")
        #expect(first.alertCounts == [.stop: 1])
        try await first.writer?.flush()
        try await eventually(
            "the stop to be written down",
            asking: { try LedgerStore(state: folder.path).notes()[.stoppedDay] != nil }
        )

        let second = try desk(folder, settings)
        try await second.load([], of: [], files)

        #expect(second.book.hasStoppedToday)
        #expect(Self.refusal(second, 1, "u") == "spend_stopped")
        #expect(second.alertCounts.isEmpty)
        #expect(second.name == first.name && !first.name.isEmpty, "what it calls its alerts")
        settings.marks.stop = 200
        let third = try desk(folder, settings)
        try await third.load([], of: [], files)
        #expect(!third.book.hasStoppedToday, "another amount has stopped nothing")
    }

    @Test @LoopActor func `a dear lane without room in the day's amount is no stop while a cheap one goes on`()
        async throws
    {
        var settings = LedgerSettings()
        settings.marks = SpendMarks(warn: nil, stop: 100)
        let desk = LedgerDesk()
        desk.use(settings)
        desk.settle(Self.row("g", 60))

        #expect(Self.refusal(desk, 50, "u", beside: 30) == nil)
        #expect(!desk.book.hasStoppedToday)
        #expect(desk.alertCounts.isEmpty)
        #expect(Self.refusal(desk, 50, "u", beside: 41) == "spend_stopped")

        #expect(desk.book.hasStoppedToday)
        #expect(desk.alertCounts == [.stop: 1])
    }

    @Test @LoopActor
    func `an alert that was handed over is not handed over again, whatever became of its delivery's file`()
        async throws
    {
        let folder = TemporaryFolder()
        let files = JobFiles(state: try await StateDirectory(path: folder.path))
        var settings = LedgerSettings()
        settings.marks = SpendMarks(warn: 50, stop: nil)
        let first = try desk(folder, settings)
        try await first.load([], of: [], files)
        var alerts: [SpendAlert] = []
        first.onAlert = { alerts.append($0) }
        first.settle(Self.row("g", 60))
        first.repeatAlerts()
        #expect(alerts.count == 2, "until it is on disk")
        await first.keepTold(try #require(alerts.first))
        first.repeatAlerts()
        #expect(alerts.count == 2)
        try await first.writer?.flush()

        let second = try desk(folder, settings)
        try await second.load([], of: [], files)
        second.onAlert = { alerts.append($0) }
        second.repeatAlerts()
        #expect(alerts.count == 2)
        settings.marks.warn = 55
        second.use(settings)
        second.settle(Self.row("g2", 1))
        #expect(alerts.map(\.amount) == [50, 50, 55], "another amount is another alert")
    }

    @Test func `the alerts of two ledgers are not taken for one another`() {
        let alert = SpendAlert(kind: .warn, amount: 1, spent: 1, reserved: 0, zone: .utc, since: .now(), until: .now())

        #expect(AlertDelivery.id(of: alert, in: "a") != AlertDelivery.id(of: alert, in: "b"))
        #expect(AlertDelivery.id(of: alert, in: "a") == AlertDelivery.id(of: alert, in: "a"))
    }
}
