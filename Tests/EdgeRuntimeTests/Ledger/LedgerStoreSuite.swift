// What the tests of a ledger on disk share.
import Callers
import CivilTime
import EdgeLoop
import Ledger
import TestSupport
import Testing

@testable import EdgeRuntime

protocol LedgerStoreSuite {}

extension LedgerStoreSuite {
    static func row(
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
    func desk(_ folder: TemporaryFolder, _ settings: LedgerSettings = LedgerSettings()) throws -> LedgerDesk {
        let desk = LedgerDesk(
            writer: LedgerWriter(store: try LedgerStore(state: folder.path)) { Issue.record("\($0)") }
        )
        desk.use(settings)
        return desk
    }

    /// - Returns: the code of the problem that refuses work of this price; it holds nothing afterwards.
    @LoopActor
    static func refusal(
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
}
