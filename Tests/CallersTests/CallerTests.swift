// What is kept of who asked.
import JSON
import Testing

@testable import Callers

struct CallerTests {
    @Test(arguments: [
        Caller.local, Caller(id: "ip:203.0.113.7"),
        Caller(id: "key:abc", tier: .pro, isKnown: true, user: "u", group: "g"),
    ])
    func `a caller is read as it was written`(caller: Caller) {
        #expect(Caller(caller.json) == caller)
    }

    @Test func `what is no caller is none`() {
        #expect(Caller(["id": "a", "tier": "gold"]) == nil)
        #expect(Caller(["tier": "free"]) == nil)
        #expect(Caller("a") == nil)
    }
}
