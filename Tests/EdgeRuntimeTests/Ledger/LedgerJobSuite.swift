// What the tests of jobs and money share.
import EdgeLoop
import JSON
import Ledger
import Retry

@testable import EdgeRuntime

protocol LedgerJobSuite {}

extension LedgerJobSuite {
    func lanes(_ lanes: JSONValue...) throws -> LaneSet {
        try LaneSet(["lanes": .array(lanes), "choose": "order"], function: "f")
    }

    func budget(_ limit: Int64, _ scope: BudgetScope = .all, _ subject: String? = nil) -> LedgerSettings {
        var settings = LedgerSettings()
        settings.budgets = [Budget(name: "cap", scope: scope, subject: subject, period: .day, limit: limit)]
        return settings
    }

    static func failed(_ status: Int, mayBePaid: Bool = false, cost: Int64? = nil) -> RunAnswer {
        var note = RunNote(status: status, message: "no", code: "x")
        note.mayBePaid = mayBePaid
        if let cost { note.details["cost"] = .integer(cost) }
        return .unfinished(RunOutcome(status: status, after: nil), note)
    }

    @LoopActor
    func code(_ body: @LoopActor () async throws -> Job) async -> String? {
        do {
            _ = try await body()
            return nil
        } catch {
            return (error as? Problem)?.code
        }
    }
}
