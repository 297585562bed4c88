import Testing

@testable import FileReading

struct FileValuesTests {
    @Test(
        "Durations are whole numbers with a unit",
        arguments: [
            ("250ms", Duration.milliseconds(250)), ("25s", .seconds(25)), ("5m", .seconds(300)), ("1h", .seconds(3600)),
            ("30d", .seconds(2_592_000)), ("0s", .zero),
        ]
    )
    func durations(text: String, duration: Duration) {
        #expect(DurationText.read(text) == duration)
        #expect(DurationText.text(of: duration) == text)
    }

    @Test(
        "Other texts are no durations",
        arguments: [
            "", "s", "5", "5 s", "1.5s", "-1s", "+1s", "5S", "5min", "99999999999999999999s", "9223372036854775807d",
            "٥s",
        ]
    )
    func notDurations(text: String) {
        #expect(DurationText.read(text) == nil)
    }

    @Test(
        "Sizes are binary multiples",
        arguments: [("1B", 1), ("1KB", 1024), ("256MB", 268_435_456), ("2GB", 2_147_483_648), ("1TB", 1 << 40)]
    )
    func sizes(text: String, bytes: Int) {
        #expect(SizeText.read(text) == bytes)
        #expect(SizeText.text(of: bytes) == text)
    }

    @Test("Other texts are no sizes", arguments: ["", "1", "1K", "1kb", "1.5GB", "-1KB", "9999999999TB", "1 MB"])
    func notSizes(text: String) {
        #expect(SizeText.read(text) == nil)
    }

    @Test func `the nearest name is the one with the fewest edits, if it is near`() {
        let names = ["run", "routes", "timeout", "startTimeout", "secrets", "env"]

        #expect(NearestName.of("route", among: names) == "routes")
        #expect(NearestName.of("timeuot", among: names) == "timeout")
        #expect(NearestName.of("starttimeout", among: names) == "startTimeout")
        #expect(NearestName.of("banana", among: names) == nil)
        #expect(NearestName.of(String(repeating: "x", count: 100_000), among: names) == nil)
        #expect(NearestName.distance(Array("wiat".utf8), Array("wait".utf8)) == 1)
    }
}
