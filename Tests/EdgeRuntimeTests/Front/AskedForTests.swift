// For whom a function asks on its control socket.
import Callers
import EdgeHTTP
import Testing

@testable import EdgeRuntime

struct AskedForTests {
    private static let owner = Caller(id: "key:abc", isKnown: true, user: "ann")

    @Test func `what a function hands on of its request says who asks`() {
        #expect(Caller(askedFor: ["Edge-Caller": "key:abc", "Edge-User": "ann"]).mayEnd(jobOf: Self.owner))
        #expect(Caller(askedFor: ["Edge-Caller": "operator:x"]).mayEnd(jobOf: Self.owner))
        #expect(!Caller(askedFor: ["Edge-Caller": "key:abc"]).mayEnd(jobOf: Self.owner))
    }

    @Test func `a function that hands on nothing asks for nobody known`() {
        #expect(!Caller(askedFor: [:]).mayEnd(jobOf: Self.owner))
        #expect(!Caller(askedFor: ["Edge-Caller": "ip:127.0.0.1", "Edge-User": "ann"]).mayEnd(jobOf: Self.owner))
        #expect(Caller(askedFor: [:]).mayEnd(jobOf: Caller(id: "ip:203.0.113.7")))
    }
}
