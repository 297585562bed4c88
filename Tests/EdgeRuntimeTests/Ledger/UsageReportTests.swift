// What was spent, summed up.
import CivilTime
import EdgeLoop
import JSON
import Ledger
import TestSupport
import Testing

@testable import EdgeRuntime

struct UsageReportTests: LedgerStoreSuite {
    init() { TestLoop.start() }

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
