import CivilTime
import Retry
import Testing

struct RetryAfterTests {
    /// Sat, 21 Nov 2026 10:00:00 GMT
    private let now = Timestamp(milliseconds: 1_795_255_200_000)

    @Test(arguments: [
        ("7", 7.0), (" 7\t", 7), ("0", 1), ("0.2", 1), ("7.5", 7.5), ("86400", 86_400), ("00120", 120),
        ("Sat, 21 Nov 2026 10:00:30 GMT", 30), ("Saturday, 21-Nov-26 10:00:30 GMT", 30),
        ("Sat Nov 21 10:00:30 2026", 30), ("Sat, 21 Nov 2026 09:00:00 GMT", 1), ("Sat, 21 Nov 2026 10:00:00 GMT", 1),
    ])
    func `seconds and dates are read`(value: String, seconds: Double) {
        #expect(RetryAfter.pause(value, now: now) == .seconds(seconds))
    }

    @Test(arguments: [
        "", " ", "-5", "+5", "NaN", "nan", "inf", "soon", "5 s", "5, 10", "1e3", "0x10", ".5", "5.", "1.2.3", "\u{661}",
        "Sat, 31 Feb 2026 10:00:30 GMT", "2026-11-21T10:00:30Z",
    ])
    func `what cannot be read counts as absent`(value: String) {
        #expect(RetryAfter.pause(value, now: now) == nil)
    }

    @Test(arguments: [
        "31622401", "99999999999999999999999999", String(repeating: "9", count: 400), "Fri, 31 Dec 9999 23:59:59 GMT",
    ])
    func `centuries are held to a year`(value: String) {
        #expect(RetryAfter.pause(value, now: now) == RetryAfter.longest)
    }

    @Test func `Retry-After wins over a rate-limit field, an unreadable one does not`() {
        var headers = ["retry-after": "7", "ratelimit": #""api";r=0;t=55"#]

        let told = RetryAfter.pause(in: { headers[$0] }, now: now)
        headers["retry-after"] = "soon"
        let fallback = RetryAfter.pause(in: { headers[$0] }, now: now)

        #expect(told == .seconds(7))
        #expect(fallback == .seconds(55))
        #expect(RetryAfter.pause(in: { _ in nil }, now: now) == nil)
    }
}
