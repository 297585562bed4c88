// The block `host.tiers`.
import Callers
import FileReading
import Testing

@testable import EdgeRuntime

struct TierTableTests {
    private func tiers(_ text: String) throws(FileMistakes) -> TierTable? {
        try Manifest.parse(Array(#"{"host": {"tiers": \#(text)}}"#.utf8)).host.tiers
    }

    private func mistake(_ text: String) -> String? {
        do {
            _ = try tiers(text)
            return nil
        } catch {
            return error.errors.first?.description
        }
    }

    @Test func `what is not said holds as for every host`() throws {
        let table = try #require(try tiers(#"{"pro": {"wait": "20s", "slots": 2}, "free": {"overflow": null}}"#))

        #expect(table[.pro].wait == .seconds(20))
        #expect(table[.pro].slots == 2)
        #expect(table[.pro].perMonth == 5000)
        #expect(table[.pro].beyond == .slow)
        #expect(table[.free].overflow == nil)
        #expect(table[.free].perDay == 20)
        #expect(table[.free].cooldown == .seconds(30))
        #expect(table[.enterprise] == TierRules(.enterprise))
        #expect(try Manifest.parse(Array("{}".utf8)).host.tiers == nil)
    }

    @Test func `models, sizes and what is safe for work`() throws {
        let table = try #require(
            try tiers(
                #"{"free": {"models": ["flux", "sandbox"], "sizes": ["1024x768"], "nsfw": false}, "pro": {"models": null}}"#
            )
        )

        #expect(table[.free].models == ["flux", "sandbox"])
        #expect(table[.free].sizes == [ImageSize(width: 1024, height: 768)])
        #expect(!table[.free].allowsNSFW)
        #expect(table[.pro].models == nil)
        #expect(table[.pro].allowsNSFW)
        #expect(ImageSize(width: 768, height: 1024).fits(ImageSize(width: 1024, height: 768)))
        #expect(!ImageSize(width: 800, height: 800).fits(ImageSize(width: 1024, height: 768)))
    }

    @Test(arguments: [
        (#"{"free": {"models": []}}"#, "name a model"), (#"{"free": {"sizes": ["big"]}}"#, "1024x1024"),
        (#"{"free": {"sizes": ["+8x8"]}}"#, "no size"), (#"{"free": {"sizes": ["99999x8"]}}"#, "no size"),
        (#"{"gold": {}}"#, "tiers.gold"), (#"{"free": {"wait": 3}}"#, "units are"),
        (#"{"free": {"beyond": "nothing"}}"#, "refuse"), (#"{"pro": {"weight": 0}}"#, "from 1 to 1000"),
        (#"{"pro": {"perday": 3}}"#, "perDay"),
    ])
    func `a mistake names its key and what may stand there`(text: String, hint: String) throws {
        #expect(try #require(mistake(text)).contains(hint))
    }
}
