import Callers
import CivilTime
import JSON
import Testing

@testable import EdgeRuntime

struct JobFilterTests {
    private static let now = Timestamp(milliseconds: 1_795_226_560_000)

    @Test func `a day, a time and how long ago are moments`() throws {
        let filter = try JobFilter("since=2026-11-01&before=2026-11-02T03:04:05Z", now: Self.now)
        let ago = try JobFilter("since=3h&state=dead&function=f&limit=7", now: Self.now)

        #expect(filter.since?.iso8601 == "2026-11-01T00:00:00.000Z")
        #expect(filter.before?.iso8601 == "2026-11-02T03:04:05.000Z")
        #expect(ago.since == Self.now - .seconds(3 * 3600))
        #expect(ago.state == "dead" && ago.function == "f" && ago.limit == 7)
        #expect(try JobFilter(nil, now: Self.now) == JobFilter())
    }

    @Test(
        "A filter that means nothing is refused",
        arguments: ["state=gone", "since=soon", "limit=0", "limit=1001", "limit=x", "colour=red"]
    )
    func refused(query: String) {
        #expect(throws: Problem.self) { try JobFilter(query, now: Self.now) }
    }

    @Test func `a job without a time is no job of any time`() throws {
        let filter = try JobFilter("before=1h", now: Self.now)

        #expect(!filter.takes(state: "dead", function: nil, caller: nil, created: nil))
        #expect(filter.takes(state: "dead", function: nil, caller: nil, created: Timestamp(milliseconds: 0)))
        #expect(!filter.takes(state: "dead", function: nil, caller: nil, created: Self.now))
    }

    @Test func `a user is a caller's id, or the end user that a key has named`() throws {
        let filter = try JobFilter("user=alice", now: Self.now)
        let byID = try JobFilter("user=key:abc", now: Self.now)
        let alice = Caller(id: "key:abc", isKnown: true, user: "alice")

        #expect(filter.takes(state: "failed", function: "f", caller: alice, created: Self.now))
        #expect(byID.takes(state: "failed", function: "f", caller: alice, created: Self.now))
        #expect(!filter.takes(state: "failed", function: "f", caller: .local, created: Self.now))
        #expect(!filter.takes(state: "failed", function: "f", caller: nil, created: Self.now))
    }
}
