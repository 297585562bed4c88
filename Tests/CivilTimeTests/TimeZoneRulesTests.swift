import Glibc
import Testing

@testable import CivilTime

struct TimeZoneRulesTests {
    private func moment(_ text: String) throws -> Timestamp { try #require(Timestamp(iso8601: text)) }

    /// A file of one standard offset and the rule that is given, as zoneinfo files of today end.
    private func zone(_ rule: String, offset: Int32) throws -> TimeZoneRules {
        func header(_ types: UInt8, _ characters: UInt8) -> [UInt8] {
            Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15) + [UInt8](repeating: 0, count: 16)
                + [0, 0, 0, types, 0, 0, 0, characters]
        }
        let bits = UInt32(bitPattern: offset)
        let type: [UInt8] = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bits >> $0) } + [0, 0]
        let bytes = header(1, 1) + type + [0] + header(1, 1) + type + [0, 10] + Array(rule.utf8) + [10]
        return try #require(TimeZoneRules(tzif: bytes))
    }

    @Test func `days and months begin at local midnight, in winter and in summer`() throws {
        let berlin = try zone("CET-1CEST,M3.5.0,M10.5.0/3", offset: 3600)

        #expect(berlin.dayStart(of: try moment("2026-11-21T22:59:59Z")) == (try moment("2026-11-20T23:00:00Z")))
        #expect(berlin.dayStart(of: try moment("2026-11-21T23:00:00Z")) == (try moment("2026-11-21T23:00:00Z")))
        #expect(berlin.nextDay(after: try moment("2026-07-01T12:00:00Z")) == (try moment("2026-07-01T22:00:00Z")))
        #expect(berlin.day(of: try moment("2026-07-01T22:00:00Z")) == "2026-07-02")
        #expect(berlin.monthStart(of: try moment("2026-07-31T21:00:00Z")) == (try moment("2026-06-30T22:00:00Z")))
        #expect(berlin.nextMonth(after: try moment("2026-12-31T12:00:00Z")) == (try moment("2026-12-31T23:00:00Z")))
    }

    @Test func `days of 23 and of 25 hours are whole days`() throws {
        let berlin = try zone("CET-1CEST,M3.5.0,M10.5.0/3", offset: 3600)
        let spring = berlin.dayStart(of: try moment("2026-03-29T12:00:00Z"))
        let autumn = berlin.dayStart(of: try moment("2026-10-25T12:00:00Z"))

        #expect(berlin.nextDay(after: spring) - spring == .seconds(23 * 3600))
        #expect(berlin.nextDay(after: autumn) - autumn == .seconds(25 * 3600))
    }

    @Test func `a midnight that clocks skip is the moment of the jump`() throws {
        let santiago = try zone("<-04>4<-03>,M9.1.6/24,M4.1.6/24", offset: -14_400)
        // In 2026 clocks go from Saturday, 5 September, 24:00 to 01:00.
        let start = santiago.dayStart(of: try moment("2026-09-06T12:00:00Z"))

        #expect(start == (try moment("2026-09-06T04:00:00Z")))
        #expect(santiago.nextDay(after: start) - start == .seconds(23 * 3600))
        // And in autumn from 24:00 back to 23:00: that hour belongs to the day that it is in.
        #expect(santiago.day(of: try moment("2026-04-05T03:30:00Z")) == "2026-04-04")
        #expect(santiago.dayStart(of: try moment("2026-04-05T12:00:00Z")) == (try moment("2026-04-05T04:00:00Z")))
    }

    @Test(arguments: ["CET-1CEST,M3.5.0", "C-1", "CET", "CET-1CEST,M13.1.0,M1.1.0", "CET-1CEST,M3.5.0,M10.5.0/3x"])
    func `a rule that is none is refused`(text: String) { #expect(YearlyTimeRule(text) == nil) }

    @Test func `cut and foreign bytes are no zone`() {
        #expect(TimeZoneRules(tzif: []) == nil)
        #expect(TimeZoneRules(tzif: Array("TZif2".utf8)) == nil)
        #expect(TimeZoneRules(tzif: [UInt8](repeating: 0xff, count: 4096)) == nil)
    }

    @Test(arguments: ["../etc/passwd", "/etc/localtime", "", "Europe//Berlin", "a b"])
    func `what leaves the folder of zones is no name`(text: String) { #expect(!TimeZoneRules.isName(text)) }

    /// Where the machine has zone files.
    @Test(arguments: [
        "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Chatham", "America/Santiago", "UTC",
    ])
    func `the files of this machine give whole days`(name: String) throws {
        guard let file = fopen("/usr/share/zoneinfo/\(name)", "r") else { return }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        let zone = try #require(TimeZoneRules(tzif: Array(bytes[..<count])))

        #expect(abs(zone.offset(at: try moment("2026-01-15T00:00:00Z"))) <= 14 * 3600)
        for year in [1975, 2000, 2026, 2060, 2150] {
            for month in 1...12 {
                let at = Timestamp(
                    milliseconds: Int64(CivilDate(year: year, month: month, day: 15).daysSince1970) * 86_400_000
                )
                let start = zone.dayStart(of: at)
                #expect(start <= at && zone.nextDay(after: at) > at)
                #expect(zone.day(of: start) == zone.day(of: at))
                #expect(zone.day(of: start - .seconds(1)) < zone.day(of: at))
            }
        }
        if name == "America/New_York" {
            #expect(zone.offset(at: try moment("2026-07-01T00:00:00Z")) == -4 * 3600)
            #expect(zone.offset(at: try moment("2060-12-01T00:00:00Z")) == -5 * 3600)
        }
    }
}
