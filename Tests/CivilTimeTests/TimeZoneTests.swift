// Days and months by somebody's midnight.
import Glibc
import TestSupport
import Testing

@testable import CivilTime

struct TimeZoneTests {
    private static func zone(_ footer: String, offset: Int32) -> TimeZone? {
        TimeZone(name: "Test/Zone", file: ZoneFile.bytes(offsets: [(offset, false)], footer: footer))
    }

    private let berlin = zone("CET-1CEST,M3.5.0,M10.5.0/3", offset: 3600)

    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(iso8601: text)) }

    @Test(arguments: [
        ("2026-03-28T23:00:00Z", "2026-03-28T23:00:00.000Z", 23),
        ("2026-03-29T21:59:59Z", "2026-03-28T23:00:00.000Z", 23),
        ("2026-03-29T22:00:00Z", "2026-03-29T22:00:00.000Z", 24),
        ("2026-10-25T12:00:00Z", "2026-10-24T22:00:00.000Z", 25),
        ("2026-12-31T23:30:00Z", "2026-12-31T23:00:00.000Z", 24),
        ("2000-02-29T12:00:00Z", "2000-02-28T23:00:00.000Z", 24),
    ])
    func `a day begins at local midnight and has 23, 24 or 25 hours`(moment: String, begin: String, hours: Int) throws {
        let zone = try #require(berlin)
        let day = zone.day(of: try time(moment))

        #expect(zone.start(ofDay: day).iso8601 == begin)
        #expect(zone.start(ofDay: day + 1) - zone.start(ofDay: day) == .seconds(hours * 3600))
    }

    @Test func `a month begins at midnight of its first day, over the end of a year too`() throws {
        let zone = try #require(berlin)
        let december = zone.month(of: try time("2026-12-31T22:59:59.999Z"))
        let january = zone.month(of: try time("2026-12-31T23:00:00Z"))

        #expect(january == december + 1)
        #expect(zone.start(ofMonth: january).iso8601 == "2026-12-31T23:00:00.000Z")
        #expect(zone.start(ofMonth: january + 3).iso8601 == "2027-03-31T22:00:00.000Z")
    }

    @Test(arguments: [
        ("<-03>3<-02>,M10.3.0/0,M2.3.0/0", -10_800, "2026-10-18T12:00:00Z", "2026-10-18T03:00:00.000Z"),
        ("<-03>3<-02>,M10.3.0/0,M2.3.0/0", -10_800, "2026-12-01T12:00:00Z", "2026-12-01T02:00:00.000Z"),
        ("IST-5:30", 19_800, "2026-05-01T18:30:00Z", "2026-05-01T18:30:00.000Z"),
        ("EST5EDT,J60/2,J300", -18_000, "2028-03-01T12:00:00Z", "2028-03-01T05:00:00.000Z"),
        ("<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45", 45_900, "2026-01-01T00:00:00Z", "2025-12-31T10:15:00.000Z"),
    ])
    func `zones of all kinds, one that jumps over midnight first`(
        footer: String,
        offset: Int,
        moment: String,
        begin: String
    ) throws {
        let zone = try #require(Self.zone(footer, offset: Int32(offset)))

        #expect(zone.start(ofDay: zone.day(of: try time(moment))).iso8601 == begin)
    }

    @Test func `changes of the past stand in the file, what comes after them in its last line`() throws {
        let change = try time("1996-06-01T00:00:00Z").milliseconds / 1000
        let zone = try #require(
            TimeZone(
                name: "Test/Zone",
                file: ZoneFile.bytes(
                    offsets: [(7200, false), (3600, false)],
                    changes: [(change, 1)],
                    footer: "CET-1CEST,M3.5.0,M10.5.0/3"
                )
            )
        )

        #expect(zone.offset(at: try time("1990-07-01T00:00:00Z")) == 7200)
        #expect(zone.offset(at: try time("2026-07-01T00:00:00Z")) == 7200)
        #expect(zone.offset(at: try time("2026-01-01T00:00:00Z")) == 3600)
    }

    @Test func `UTC needs no file, and what is no file of the database is no zone`() throws {
        #expect(TimeZone.utc.start(ofDay: 1).iso8601 == "1970-01-02T00:00:00.000Z")
        #expect(TimeZone.utc.day(of: Timestamp(milliseconds: -1)) == -1)
        let whole = ZoneFile.bytes(offsets: [(3600, false)], footer: "CET-1")
        #expect(TimeZone(name: "a", file: whole) != nil)
        for count in 0..<whole.count {
            #expect(TimeZone(name: "a", file: Array(whole.prefix(count))) == nil, "\(count)")
        }
        for footer in ["CET", "CET-1CEST", "CET-1CEST,M13.1.0,M1.1.0", "C-1", "CET-1CEST,M3.5.0,M10.5.0/x"] {
            #expect(Self.zone(footer, offset: 0) == nil, "\(footer)")
        }
    }

    @Test(arguments: ["../etc/passwd", "/etc/localtime", "", "Europe//Berlin", "Europe/.x", "Europe/Berlin/"])
    func `a path is no name`(text: String) { #expect(!TimeZone.isName(text)) }

    @Test(arguments: ["Europe/Berlin", "Etc/GMT+5", "America/Argentina/Buenos_Aires", "EST5EDT"])
    func `names of the database are`(text: String) { #expect(TimeZone.isName(text)) }

    /// Where the machine has zone files.
    @Test(arguments: [
        "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Chatham", "America/Santiago", "UTC",
    ])
    func `the files of this machine give whole days`(name: String) throws {
        guard let file = fopen("/usr/share/zoneinfo/\(name)", "r") else { return }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        let zone = try #require(TimeZone(name: name, file: Array(bytes[..<count])))

        #expect(abs(zone.offset(at: try time("2026-01-15T00:00:00Z"))) <= 14 * 3600)
        for year in [1975, 2000, 2026, 2060, 2150] {
            for month in 1...12 {
                let at = Timestamp(
                    milliseconds: Int64(CivilDate(year: year, month: month, day: 15).daysSince1970) * 86_400_000
                )
                let start = zone.dayStart(of: at)
                #expect(start <= at && zone.nextDay(after: at) > at)
                #expect(zone.dayText(of: start) == zone.dayText(of: at))
                #expect(zone.dayText(of: start - .seconds(1)) < zone.dayText(of: at))
            }
        }
        if name == "America/New_York" {
            #expect(zone.offset(at: try time("2026-07-01T00:00:00Z")) == -4 * 3600)
            #expect(zone.offset(at: try time("2060-12-01T00:00:00Z")) == -5 * 3600)
        }
    }
}
