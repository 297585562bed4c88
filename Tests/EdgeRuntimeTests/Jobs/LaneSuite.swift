// What the tests of jobs on several lanes share.
import JSON
import Retry

@testable import EdgeRuntime

protocol LaneSuite {}

extension LaneSuite {
    func set(_ lanes: JSONValue..., choose: String = "order") throws -> LaneSet {
        try LaneSet(["lanes": .array(lanes), "choose": .string(choose)], function: "f")
    }

    static func failed(_ status: Int, _ message: String, mayBePaid: Bool = false) -> RunAnswer {
        var note = RunNote(status: status, message: message, code: "x")
        note.mayBePaid = mayBePaid
        return .unfinished(RunOutcome(status: status, after: nil), note)
    }
}
