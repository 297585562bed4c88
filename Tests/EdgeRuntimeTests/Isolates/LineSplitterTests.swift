import Testing

@testable import EdgeRuntime

struct LineSplitterTests {
    @Test(arguments: [1, 2, 3, 7, 1000])
    func `lines are the same however the output is cut into pieces`(size: Int) {
        let output = "one\ntwo\r\n\n\nthree with é and 🌍\nlast"

        let lines = split(Array(output.utf8), size)

        #expect(lines.map(\.text) == ["one", "two", "three with é and 🌍", "last"])
    }

    @Test func `a long line is cut at 8 KiB and says how much is missing`() {
        let lines = split([UInt8](repeating: 120, count: 20_000) + [10] + Array("next\n".utf8), 4096)

        #expect(lines.map(\.bytes.count) == [8192, 4])
        #expect(lines.map(\.cut) == [20_000 - 8192, 0])
        #expect(lines[0].text.hasSuffix("x [11808 more bytes]"))
    }

    @Test func `a cut inside a character drops the whole character`() {
        let lines = split([UInt8](repeating: 120, count: 8191) + Array("🌍 and more".utf8), 4096)

        #expect(lines[0].text.hasSuffix("xx [12 more bytes]"))
        #expect(!lines[0].text.contains("\u{FFFD}"))
    }

    @Test func `invalid UTF-8 is replaced`() {
        let lines = split([0x61, 0xFF, 0xC3, 0x28, 0x62, 10], 100)

        #expect(lines.map(\.text) == ["a\u{FFFD}\u{FFFD}(b"])
    }

    @Test func `only the newest lines are kept, each with its beginning`() {
        var last = LastLines()

        for number in 0..<100 { last.append(LineSplitter.Line(bytes: Array("line \(number)".utf8))) }
        last.append(LineSplitter.Line(bytes: [UInt8](repeating: 120, count: 5000)))

        #expect(last.lines.count == LastLines.linesMax)
        #expect(last.lines.first == "line 41")
        #expect(last.lines.last?.utf8.count == LastLines.lineBytesMax)
    }

    private func split(_ output: [UInt8], _ size: Int) -> [LineSplitter.Line] {
        var splitter = LineSplitter()
        var lines: [LineSplitter.Line] = []
        for start in stride(from: 0, to: output.count, by: size) {
            output[start..<min(start + size, output.count)].withUnsafeBytes { piece in
                splitter.push(piece) { lines.append($0) }
            }
        }
        splitter.finish { lines.append($0) }
        return lines
    }
}
