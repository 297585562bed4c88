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

struct LedgerStoreTests: LedgerStoreSuite {
    init() { TestLoop.start() }

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
}
