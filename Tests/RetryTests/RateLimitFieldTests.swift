import CivilTime
import Retry
import Testing

struct RateLimitFieldTests {
    private let now = Timestamp(milliseconds: 1_795_255_200_000)

    @Test(arguments: [
        (#""api";r=0;t=55"#, 55.0), (#""api"; t=55 ; r=0"#, 55), (#""api";r=0;t=0"#, 1), (#"default;r=0;t=3"#, 3),
        (#""peruser";r=0;t=21,"daily";r=0;t=3600"#, 3600), (#""peruser";r=3;t=21, "daily";r=0;t=60"#, 60),
        (#""a;r=5,x";r=0;t=9"#, 9), (#""a\";r=5";r=0;t=9;pk=:eA==:"#, 9),
    ])
    func `nothing left means waiting`(value: String, seconds: Double) {
        #expect(RateLimitField.pause(value) == .seconds(seconds))
    }

    @Test(arguments: [
        #""api";r=3;t=55"#, #""api";t=55"#, #""api";r=0"#, #""api";r=-1;t=55"#, #""api";r=0;t=-5"#, "", "0",
        #""r=0;t=5""#,
        #""api";r=0;t=soon"#, #""unclosed;r=0;t=5"#,
    ])
    func `anything else says nothing about waiting`(value: String) {
        #expect(RateLimitField.pause(value) == nil)
    }

    @Test(arguments: [
        ("0", "55", 55.0), ("0", "0.5", 1), ("0", "1795255230", 30), ("0", "1795255230000", 30), ("0", "1795255100", 1),
    ])
    func `the older pair means seconds or a moment`(remaining: String, reset: String, seconds: Double) {
        #expect(RateLimitField.pause(remaining: remaining, reset: reset, now: now) == .seconds(seconds))
    }

    @Test(arguments: [("1", "55"), ("", "55"), ("0", ""), ("0", "1m30s"), ("-0", "5")])
    func `the older pair with calls left or unreadable says nothing`(remaining: String, reset: String) {
        #expect(RateLimitField.pause(remaining: remaining, reset: reset, now: now) == nil)
    }

    @Test func `both spellings of the pair are found, the standard's field first`() {
        let replicate = ["ratelimit-remaining": "0", "ratelimit-reset": "4"]
        let together = ["x-ratelimit-remaining": "0", "x-ratelimit-reset": "5"]
        let all = replicate.merging(together) { old, _ in old }.merging(["ratelimit": #""a";r=0;t=6"#]) { old, _ in old
        }

        #expect(RateLimitField.pause(in: { replicate[$0] }, now: now) == .seconds(4))
        #expect(RateLimitField.pause(in: { together[$0] }, now: now) == .seconds(5))
        #expect(RateLimitField.pause(in: { all[$0] }, now: now) == .seconds(6))
    }
}
