import Testing

@testable import CivilTime

struct TimestampTests {
    private let moment = Timestamp(milliseconds: 1_795_255_230_123)

    @Test func `a moment is written in UTC with milliseconds`() {
        #expect(moment.iso8601 == "2026-11-21T10:00:30.123Z")
        #expect(moment.day == "2026-11-21")
        #expect(moment.httpDate == "Sat, 21 Nov 2026 10:00:30 GMT")
        #expect(Timestamp(milliseconds: 0).iso8601 == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp(milliseconds: -1).iso8601 == "1969-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: -1).httpDate == "Wed, 31 Dec 1969 23:59:59 GMT")
    }

    @Test(
        "RFC 3339 times are read",
        arguments: [
            "2026-11-21T10:00:30.123Z", "2026-11-21t10:00:30.123z", "2026-11-21T12:00:30.123456789+02:00",
            "2026-11-21T04:30:30.123-05:30",
        ]
    )
    func readsISO8601(text: String) {
        #expect(Timestamp(iso8601: text) == moment)
    }

    @Test(
        "What is not a time of the calendar is refused",
        arguments: [
            "", "2026-11-21", "2026-11-21T10:00:30", "2026-11-21T10:00Z", "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T10:60:00Z",
            "2026-11-21T10:00:00.Z", "2026-11-21T10:00:00.1234567890Z", "2026-11-21T10:00:00Zx",
            "2026-11-21T10:00:00+2:00", "2026-11-21T10:00:00+24:00", "+026-11-21T10:00:00Z", "2026-11-21 10:00:00Z",
        ]
    )
    func refusesISO8601(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test(
        "All three forms of an HTTP date are read",
        arguments: [
            "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        ]
    )
    func readsHTTPDate(text: String) {
        #expect(Timestamp(httpDate: text, now: moment) == Timestamp(milliseconds: 784_111_777_000))
    }

    @Test(
        "Other dates are refused",
        arguments: [
            "", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994", "Sunday, 06-Nov-1994 08:49:37 GMT", "12",
        ]
    )
    func refusesHTTPDate(text: String) {
        #expect(Timestamp(httpDate: text, now: moment) == nil)
    }

    @Test func `a two-digit year is never more than 50 years ahead`() {
        #expect(Timestamp(httpDate: "Saturday, 21-Nov-76 10:00:00 GMT", now: moment)?.day == "2076-11-21")
        #expect(Timestamp(httpDate: "Monday, 21-Nov-77 10:00:00 GMT", now: moment)?.day == "1977-11-21")
    }

    @Test func `every day of four centuries is written and read back`() {
        var day = Timestamp(milliseconds: -2_208_988_800_000)  // 1900

        for _ in 0..<146_097 {
            #expect(Timestamp(iso8601: day.iso8601) == day)
            day = day + .seconds(86_400)
        }

        #expect(day.day == "2300-01-01")
    }

    @Test func `arithmetic counts milliseconds and stays within four-digit years`() {
        #expect(moment + .milliseconds(877) == Timestamp(milliseconds: 1_795_255_231_000))
        #expect(moment - .seconds(30) - .milliseconds(123) == Timestamp(milliseconds: 1_795_255_200_000))
        #expect(moment + .seconds(5) - moment == .seconds(5))
        #expect((moment + .seconds(Int64.max)).iso8601 == "9999-12-31T23:59:59.999Z")
        #expect((moment - .seconds(Int64.max)).iso8601 == "0000-01-01T00:00:00.000Z")
    }

    @Test func `durations tell their milliseconds and seconds`() {
        #expect(Duration.microseconds(1999).inMilliseconds == 1)
        #expect(Duration.milliseconds(-1500).inMilliseconds == -1500)
        #expect(Duration.seconds(Int64.max).inMilliseconds == .max)
        #expect(Duration.milliseconds(1500).inSeconds == 1.5)
    }
}
