// The block `host.limits`.
import CivilTime
import FileReading
import JSON
import Limits
import TestSupport
import Testing

@testable import EdgeRuntime

struct LimitSettingsTests {
    private func limits(_ text: String) throws(FileMistakes) -> LimitSettings? {
        try Manifest.parse(
            Array(#"{"host": {"limits": \#(text)}, "functions": {"paint": {"run": ["paint"]}}}"#.utf8)
        ).host.limits
    }

    @Test func `each holder has its rules, and what is not said limits nobody`() throws {
        let limits = try #require(
            try limits(
                #"{"caller": {"perMinute": 5}, "user": {"cooldown": "10s"}, "functions": {"paint": {"perDay": 7, "perMonth": 8}}}"#
            )
        )

        #expect(limits.caller.perMinute == 5)
        #expect(limits.user.cooldown == .seconds(10))
        #expect(limits.functions["paint"]?.perDay == 7)
        #expect(limits.functions["paint"]?.perMonth == 8)
        #expect(limits.group.isEmpty && limits.address.isEmpty)
        #expect(limits.zone == .utc)
        #expect(limits.isInForce && limits.limitsRequests)
        #expect(try self.limits("{}")?.isInForce == false)
        #expect(try Manifest.parse(Array("{}".utf8)).host.limits == nil)
    }

    @Test(arguments: [
        (#"{"caller": {"perDay": -1}}"#, "from 0"), (#"{"tiers": {}}"#, "host.tiers"),
        (#"{"function": {}}"#, "functions"),
        (#"{"functions": {"pant": {}}}"#, "paint"), (#"{"timezone": "Nowhere/At_All"}"#, "Europe/Berlin"),
        (#"{"timezone": 1}"#, "Europe/Berlin"), (#"{"user": {"beyond": "slow"}}"#, "only tiers"),
    ])
    func `a mistake names its key and what may stand there`(text: String, hint: String) {
        let mistakes = #expect(throws: FileMistakes.self) { try limits(text) }

        #expect(mistakes?.description.contains(hint) == true, "\(mistakes?.description ?? "")")
        #expect(mistakes?.description.contains("host.limits") == true)
    }

    @Test(.enabled(if: fileExists("\(TimeZoneFile.folder)/Europe/Berlin")))
    func `a zone of the machine's database is read, in either form of its files`() throws {
        for (name, day, begin) in [
            ("Europe/Berlin", "2026-07-01T12:00:00Z", "2026-06-30T22:00:00.000Z"),
            ("America/New_York", "2026-12-01T12:00:00Z", "2026-12-01T05:00:00.000Z"),
            ("Asia/Kolkata", "2040-01-01T12:00:00Z", "2039-12-31T18:30:00.000Z"),
            ("Etc/UTC", "2026-12-01T12:00:00Z", "2026-12-01T00:00:00.000Z"),
        ] {
            let zone = try TimeZoneFile.read(name)
            let moment = try #require(Timestamp(iso8601: day))
            #expect(zone.start(ofDay: zone.day(of: moment)).iso8601 == begin, "\(name)")
        }
    }

    @Test func `a folder without zones, and a file that is none, are told`() {
        let folder = TemporaryFolder()
        folder.write("no zone", to: "Odd")
        for (name, place, part) in [
            ("Odd", folder.path, "no time zone that can be read"), ("Gone", folder.path, "no zone"),
            ("Odd", "\(folder.path)/none", "tzdata"), ("../Odd", folder.path, "no zone's name"),
        ] {
            let mistake = #expect(throws: TimeZoneFile.Mistake.self) { try TimeZoneFile.read(name, folder: place) }
            #expect(mistake?.reason.contains(part) == true, "\(name)")
        }
    }
}
