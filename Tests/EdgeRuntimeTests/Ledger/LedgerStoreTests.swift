// Charges on disk, and what a start makes of them.
import Callers
import CivilTime
import Digest
import EdgeLoop
import JSON
import Ledger
import SQLite
import TestSupport
import Testing

@testable import EdgeRuntime

struct LedgerStoreTests {
    init() { TestLoop.start() }

    private static func row(
        _ generation: String,
        _ amount: Int64,
        attempt: Int = 1,
        at: Timestamp = .now(),
        user: String = "alice",
        key: String? = nil,
        provider: String = "p",
        kind: ChargeRow.Kind = .told
    ) -> ChargeRow {
        ChargeRow(
            generation: generation,
            attempt: attempt,
            at: at,
            payer: Payer(function: "f", tier: "free", key: key, user: user),
            lane: provider,
            provider: provider,
            model: nil,
            amount: amount,
            kind: kind
        )
    }

    @LoopActor
    private func desk(_ folder: TemporaryFolder, _ settings: LedgerSettings = LedgerSettings()) throws -> LedgerDesk {
        let desk = LedgerDesk(
            writer: LedgerWriter(store: try LedgerStore(state: folder.path)) { Issue.record("\($0)") }
        )
        desk.use(settings)
        return desk
    }

    @Test @LoopActor func `charges are kept once, and a start knows them by day, month and in all`() async throws {
        let folder = TemporaryFolder()
        let files = JobFiles(state: try await StateDirectory(path: folder.path))
        let now = Timestamp.now()
        var settings = LedgerSettings()
        settings.budgets = [Budget(name: "each", scope: .user, period: .total, limit: 1000)]
        let first = try desk(folder, settings)
        try await first.load([], of: [], files)

        for _ in 0..<2 { first.settle(Self.row("g1", 10, at: now)) }
        first.settle(Self.row("g1", 5, attempt: 2, at: now, kind: .perhaps))
        first.settle(Self.row("g2", 100, at: now - .seconds(40 * 86_400), user: "bob"))
        try await first.writer?.flush()

        let second = try desk(folder, settings)
        #expect(second.trouble != nil)
        try await second.load([], of: ["g1"], files)

        #expect(second.trouble == nil)
        #expect(second.known == ["g1/1", "g1/2"])
        #expect(second.book.spentToday == 15)
        #expect(second.book.sums[Subject(.user, "alice")] == Spent(day: 15, month: 15, total: 15))
        #expect(second.book.sums[Subject(.user, "bob")] == Spent(day: 0, month: 0, total: 100))
        second.settle(Self.row("g1", 10, at: now))
        #expect(second.book.spentToday == 15)
    }

    @Test @LoopActor
    func `what a job has spent is in the database before its file may go, also where nobody knows how much`()
        async throws
    {
        let folder = TemporaryFolder()
        let files = JobFiles(state: try await StateDirectory(path: folder.path))
        let desk = try desk(folder)
        try await desk.load([], of: [], files)
        let writer = try #require(desk.writer)
        let second = try LedgerStore(state: folder.path)

        for (id, amount, kind) in [("g1", 7, .told), ("g2", 7, .perhaps), ("g3", 0, .unknown)]
            as [(String, Int64, ChargeRow.Kind)]
        {
            desk.settle(Self.row(id, amount, kind: kind))
            try await desk.settled(id)

            #expect(!writer.unwritten.contains { $0.generation == id }, "\(kind)")
            #expect(try second.ids(of: [id]) == ["\(id)/1"], "\(kind)")
        }
        // Nobody's money: nothing is lost with it, and a file goes also while the database cannot be written.
        desk.settle(Self.row("g4", 0, kind: .own))
        try await desk.settled("g4")
        #expect(writer.unwritten.map(\.generation) == ["g4"])
    }

    @Test @LoopActor func `charges that only job files tell of are made again at start`() async throws {
        let folder = TemporaryFolder()
        let files = JobFiles(state: try await StateDirectory(path: folder.path))
        let id = UUIDText.version7()
        let now = Timestamp.now()
        let document: JSONObject = [
            "generation": .string(id), "function": "f", "caller": ["id": "key:k", "tier": "pro"],
            "lanes": [["name": "a", "provider": "p", "model": "m"]],
            "attempts": [
                [
                    "number": 1, "id": "x", "started": .string(now.iso8601), "ended": .string(now.iso8601),
                    "lane": "a", "perhapsPaid": true, "cost": 7,
                ],
                ["number": 2, "id": "y", "started": .string(now.iso8601), "lane": "a", "cost": 35],
            ],
        ]
        try await files.finish(id: id, document: document.encoded(), day: now.day)

        for _ in 0..<2 {
            let desk = try desk(folder)
            try await desk.load(ChargeRow.rows(in: document), of: [], files)
            #expect(desk.book.spentToday == 42)
            #expect(desk.book.sums[Subject(.provider, "p")].day == 42)
        }
        let usage = try await desk(folder).usage(by: .key, since: nil)
        #expect(usage["lines"]?.array?.first?["name"] == "key:k")
        #expect(usage["total"]?["microdollars"] == 42)
        #expect(usage["total"]?["perhapsMicrodollars"] == 7)
    }

    @Test @LoopActor func `own tokens and the host's own work spend nothing, and the latter is no charge`() {
        let now = JSONValue.string(Timestamp.now().iso8601)
        let attempt: (String) -> JSONValue = {
            ["number": 1, "id": "x", "started": now, "ended": now, "lane": .string($0), "cost": 7]
        }
        let document: JSONObject = [
            "generation": "g", "function": "f", "caller": ["id": "key:k", "tier": "pro"],
            "lanes": [["name": "a", "provider": "p", "own": true], ["name": "b", "provider": "edge"]],
            "attempts": [attempt("a"), attempt("b")],
        ]

        let rows = ChargeRow.rows(in: document)
        #expect(rows.map(\.kind) == [.own])
        #expect(rows.map(\.amount) == [0])
    }

    @Test func `users of an older ledger belong to the keys that had named them, and the next start changes nothing`()
        throws
    {
        let folder = TemporaryFolder()
        do {
            let old = try Database(path: "\(folder.path)/edge.sqlite", creates: true)
            try old.execute(
                """
                CREATE TABLE charges (
                    id TEXT PRIMARY KEY, at INTEGER NOT NULL, function TEXT NOT NULL, provider TEXT NOT NULL, model TEXT,
                    lane TEXT NOT NULL, tier TEXT NOT NULL, key TEXT, user TEXT NOT NULL, grp TEXT,
                    amount INTEGER NOT NULL, kind TEXT NOT NULL
                );
                CREATE INDEX charges_at ON charges (at);
                CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
                INSERT INTO charges VALUES
                ('1/1', 1, 'f', 'p', NULL, 'p', 'pro', 'key:a', 'ada', 'g', 1, 'told'),
                ('2/1', 1, 'f', 'p', NULL, 'p', 'pro', 'key:b', 'ada', NULL, 2, 'told'),
                ('3/1', 1, 'f', 'p', NULL, 'p', 'pro', 'key:b', 'key:b', NULL, 4, 'told'),
                ('4/1', 1, 'f', 'p', NULL, 'p', 'free', NULL, 'ip:1.2.3.4', NULL, 8, 'told');
                PRAGMA user_version = 1;
                """
            )
        }
        for _ in 0..<2 {
            let store = try LedgerStore(state: folder.path)
            let clock = PeriodClock(.utc, now: .now())
            let sums = try store.sums(of: [.user, .group], totals: [.user, .group], clock: clock)
            #expect(
                sums.mapValues(\.total) == [
                    Subject(.user, "key:a/ada"): 1, Subject(.user, "key:b/ada"): 2, Subject(.user, "key:b"): 4,
                    Subject(.user, "ip:1.2.3.4"): 8, Subject(.group, "key:a/g"): 1,
                ]
            )
        }
    }

    @Test func `names of keys lead to what is counted, and back, and the name of a user alone leads nowhere`() {
        var keys = KeySet()
        let record = KeyRecord(
            name: "app/x",
            role: .caller,
            tier: .pro,
            actsForOthers: true,
            key: APIKey(),
            now: .now()
        )
        keys.add(record)
        let names = KeyNames(keys)
        let id = "key:\(record.id)"

        #expect(names.id(of: "app/x", .key) == id)
        #expect(names.id(of: "app/x/ada/b", .user) == "\(id)/ada/b")
        #expect(names.id(of: "app/x/g", .group) == "\(id)/g")
        #expect(names.id(of: "\(id)/ada", .user) == "\(id)/ada")
        #expect(names.id(of: "user:u/1", .user) == "user:u/1")
        #expect(names.id(of: "app/ada", .user) == nil)
        #expect(names.shown("\(id)/ada") == "app/x/ada")
        #expect(names.shown(id) == "app/x")
        #expect(names.shown("key:other/ada") == "key:other/ada")
        #expect(KeyNames.told("\(id)/ada/b") == "ada/b")
        #expect(KeyNames.told("user:u/1") == "user:u/1")
        for text in ["ada", "/ada", "app/"] { #expect(!KeyNames.canName(text, .user)) }
        #expect(!KeyNames.canName("user:u", .group))
        for text in ["app/ada", "user:u", "key:k", "ip:1.2.3.4", "local"] { #expect(KeyNames.canName(text, .user)) }
    }

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

    /// - Returns: the code of the problem that refuses work of this price; it holds nothing afterwards.
    @LoopActor
    private static func refusal(
        _ desk: LedgerDesk,
        _ price: Int64,
        _ user: String,
        beside other: Int64? = nil
    ) -> String? {
        let lanes = LaneSet([Lane(name: "p", price: price)] + (other.map { [Lane(name: "q", price: $0)] } ?? []))
        let work = NewWork(
            id: "w",
            function: "f",
            ticket: Ticket(input: [], key: nil, lanes: lanes, isFresh: false),
            caller: Caller(id: user),
            now: .now(),
            waitedUntil: nil,
            tier: .free,
            isExempt: false
        )
        defer { desk.takeBack(work) }
        do {
            try desk.admit(work)
            return nil
        } catch {
            return error.code
        }
    }

    @Test @LoopActor func `usage sums up by each of its groupings, to the micro-dollar`() async throws {
        let folder = TemporaryFolder()
        let store = try LedgerStore(state: folder.path)
        let noon = try #require(Timestamp(iso8601: "2026-11-21T12:00:00Z"))
        var rows: [ChargeRow] = []
        for number in 0..<1000 {
            rows.append(
                Self.row(
                    "g\(number)",
                    Int64(number),
                    at: noon + .seconds(number * 120),
                    user: "u\(number % 7)",
                    provider: "p\(number % 3)"
                )
            )
        }
        try store.add(rows, through: nil)

        for grouping in UsageGrouping.allCases {
            let lines = try store.usage(by: grouping, since: nil, zone: .utc)
            #expect(lines.reduce(0) { $0 + $1.amount } == 499_500, "\(grouping)")
            #expect(lines.reduce(0) { $0 + $1.charges } == 1000)
        }
        let days = try store.usage(by: .day, since: nil, zone: .utc)
        #expect(days.map(\.name) == ["2026-11-21", "2026-11-22"])
        #expect(days.first?.charges == 360)
        #expect(try store.usage(by: .user, since: noon + .seconds(120_000), zone: .utc).isEmpty)
    }

    @Test func `a table of names that hold commas and quotes is still CSV`() throws {
        let line = UsageLine(name: "a,\"b\"", charges: 1, amount: 2, perhaps: 0, perhapsAmount: 0, unknown: 0, own: 3)
        let document = JSONValue.object(UsageReport.document(.user, [line], KeyNames()))

        #expect(
            UsageReport.csv(document)
                == "user,charges,microdollars,perhaps,perhapsMicrodollars,unknown,ownTokens\n\"a,\"\"b\"\"\",1,2,0,0,0,3\n"
        )
    }
}
