import Testing

@testable import EdgeRuntime

struct PreferenceTests {
    @Test(
        "Preferences are read as RFC 7240 says",
        arguments: [
            ([], nil, false), (["wait=10"], 10, false), (["respond-async"], nil, true),
            (["respond-async, wait=10"], 10, true),
            (["Wait = \"5\" ; x=1, RESPOND-ASYNC"], 5, true), (["wait=1", "wait=2"], 1, false), (["wait=0"], 0, false),
            (["wait=x, wait=3"], 3, false), (["wait"], nil, false), (["wait="], nil, false), (["wait=-1"], nil, false),
            (["wait=1.5"], nil, false), (["wait=99999999999999999999"], 1_000_000_000, false),
            (["foo=\"a, wait=7\", wait=8"], 8, false), (["respond-async=x"], nil, false),
            (["respond-async=\"\""], nil, true),
            ([",,;, =,"], nil, false), (["return=minimal; wait=4"], nil, false),
        ] as [([String], Int?, Bool)]
    )
    func reads(fields: [String], wait: Int?, respondAsync: Bool) {
        let preference = Preference(fields)

        #expect(preference.waitSeconds == wait)
        #expect(preference.respondAsync == respondAsync)
    }

    @Test func `a wait is the caller's up to the limit, none for respond-async alone, else the default`() {
        func wait(_ field: String) -> Duration {
            Preference([field]).wait(default: .seconds(25), limit: .seconds(120))
        }

        #expect(wait("") == .seconds(25))
        #expect(wait("wait=3") == .seconds(3))
        #expect(wait("wait=500") == .seconds(120))
        #expect(wait("respond-async") == .zero)
        #expect(wait("respond-async, wait=4") == .seconds(4))
    }

    @Test func `what was honoured is told`() {
        #expect(Preference([]).applied(limit: .seconds(60)) == nil)
        #expect(Preference(["respond-async"]).applied(limit: .seconds(60)) == "respond-async")
        #expect(Preference(["wait=500, respond-async"]).applied(limit: .seconds(60)) == "respond-async, wait=60")
    }

    @Test func `a long text is not read`() {
        #expect(Preference([String(repeating: "a,", count: 1000) + "wait=1"]).waitSeconds == nil)
    }
}
