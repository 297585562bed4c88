// The block `host.retention`.
import Callers
import FileReading
import Testing

@testable import EdgeRuntime

struct RetentionSettingsTests {
    private func settings(_ text: String) throws(FileMistakes) -> RetentionSettings {
        try Manifest.parse(Array(#"{"host": {"retention": \#(text)}}"#.utf8)).host.retention
    }

    @Test func `what is not said holds as before, and null takes a bound away`() throws {
        let standard = try settings("{}")
        #expect(standard == RetentionSettings())
        #expect(standard.jobAge(.pro) == .seconds(7 * 86_400))
        #expect(standard.imageAge(.pro) == nil)
        #expect(standard.jobs.size == 1 << 30)

        let free = try settings(#"{"jobs": {"age": null, "size": null}, "images": {"size": "5GB"}}"#)
        #expect(free.jobs == RetentionSettings.Bound())
        #expect(free.images.size == 5 << 30)
    }

    @Test func `a tier's ages take the place of those for all`() throws {
        let settings = try settings(
            #"""
            {"jobs": {"age": "30d"}, "images": {"age": "2d"},
             "tiers": {"free": {"jobs": {"age": "1d", "size": "10MB"}, "images": {"age": "1h"}}, "pro": {"jobs": {"age": "60d"}}}}
            """#
        )

        #expect(settings.jobAge(.free) == .seconds(86_400))
        #expect(settings.jobAge(.pro) == .seconds(60 * 86_400))
        #expect(settings.jobAge(.premium) == .seconds(30 * 86_400))
        #expect(settings.imageAge(.free) == .seconds(3600))
        #expect(settings.imageAge(.pro) == .seconds(2 * 86_400))
        #expect(settings.tiers[.free]?.jobs.size == 10 << 20)
    }

    @Test(arguments: [
        (#"{"jobs": {"age": 7}}"#, "units are"), (#"{"jobs": {"age": "1s"}}"#, "from 1m"),
        (#"{"images": {"size": "1KB"}}"#, "from 1MB"), (#"{"tiers": {"gold": {}}}"#, "tiers.gold"),
        (#"{"tiers": {"free": {"age": "1d"}}}"#, "\"jobs\" or \"images\""), (#"{"job": {}}"#, "jobs"),
    ])
    func `a mistake names its key and what may stand there`(text: String, hint: String) throws {
        let mistake = #expect(throws: FileMistakes.self) { try settings(text) }
        #expect(try #require(mistake?.errors.first?.description).contains(hint))
    }
}
