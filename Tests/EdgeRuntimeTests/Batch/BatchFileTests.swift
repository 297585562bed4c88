import Testing

@testable import EdgeRuntime

struct BatchFileTests {
    private static func file(_ text: String, path: String = "/b", function: String = "f") throws -> BatchFile {
        try BatchFile(Array(text.utf8), path: path, function: function)
    }

    @Test func `lines keep their numbers, and blank ones are passed over`() throws {
        let file = try Self.file("\n{\"a\":1}\n  \n{\"a\":2}")

        #expect(file.lines.map(\.number) == [2, 4])
        #expect(file.lines[1].fileName(image: 0, ext: "png") == "000004.png")
        #expect(file.lines[1].fileName(image: 1, ext: "jpg") == "000004-2.jpg")
    }

    @Test func `a key is the line's own, and another one after a failure`() throws {
        let line = try Self.file("{}\n{}").lines
        let keys = try [
            line[0], line[1], Self.file("{} ").lines[0], Self.file("{}", path: "/c").lines[0],
            Self.file("{}", function: "g").lines[0],
        ].map(\.key)

        #expect(Set(keys).count == 5)
        #expect(try Self.file("{}").lines[0].key == keys[0])
        #expect(line[0].sentKey(failures: 0) != line[0].sentKey(failures: 1))
        #expect(line[0].sentKey(failures: 999).utf8.count <= IdempotencyKey.bytesMax)
    }

    @Test("What is no batch is refused", arguments: ["", "\n\n", "[1]", "{\"a\":", "{}\n\"text\"\n"])
    func refused(text: String) {
        #expect(throws: BatchFile.Mistake.self) { try Self.file(text) }
    }
}

struct BatchProgressTests {
    @Test func `the bar tells how far, how fast, what it costs and how long it takes`() {
        var progress = BatchProgress(total: 8, before: 2)
        #expect(progress.bar(after: .zero) == "[######------------------] 2/8")

        progress.succeeded(cost: 1900)
        progress.lineFailed()

        #expect(
            progress.bar(after: .seconds(4)) == "[############------------] 4/8  1 failed  0.5/s  0.0019 $  0:08 left"
        )
        #expect(progress.summary == "8 lines: 1 made, 2 made before, 1 failed, 0.0019 $")
    }

    @Test func `a cost that nobody knows is not called nothing`() {
        var progress = BatchProgress(total: 1, before: 0)
        progress.succeeded(cost: nil)

        #expect(progress.summary == "1 lines: 1 made, 0.00 $ and what is unknown")
    }
}
