import Secrets
import Testing

struct EnvFileTests {
    @Test func `each name comes once, in the order of first appearance, with the line of its last value`() throws {
        let text = "A=1\nB=\"x\ny\"\n\nA=2\nC=3"

        let file = try EnvFile.parse(Array(text.utf8), name: ".env")

        #expect(file.assignments.map(\.name) == ["A", "B", "C"])
        #expect(file.assignments.map(\.line) == [5, 2, 6])
        #expect(file["A"]?.reveal() == "2")
        #expect(file["D"] == nil)
    }

    @Test func `a diagnostic says where and why, and shows nothing of the line`() throws {
        let text = "A=1\nhunter2 hunter3\nB='hunter4\nC=\"hunter5\"hunter6\n= hunter7\nD=\"hunter8"

        let file = try EnvFile.parse(Array(text.utf8), name: "deploy/.env")

        #expect(
            file.diagnostics.map(\.reason) == [
                .textAfterName, .unclosedSingleQuote, .textAfterQuote, .noName, .unclosedDoubleQuote,
            ]
        )
        #expect(file.diagnostics.first?.description == "deploy/.env:2: after the name there must be = and the value")
        for diagnostic in file.diagnostics { #expect(!"\(diagnostic)".contains("hunter")) }
    }

    @Test(arguments: [
        ([0x41, 0x3D, 0xFF, 0x0A], 1), ([0x0A, 0x0D, 0x0A, 0x0D, 0xC3, 0x28], 4), ([0x41, 0x0A, 0xED, 0xA0, 0x80], 2),
    ])
    func `bytes that are not UTF-8 are an error with their line`(bytes: [UInt8], line: Int) {
        #expect(throws: EnvFileError.invalidUTF8(file: ".env", line: line)) {
            try EnvFile.parse(bytes, name: ".env")
        }
    }

    @Test func `a NUL byte is an error with its line`() {
        #expect(throws: EnvFileError.zeroByte(file: ".env", line: 2)) {
            try EnvFile.parse(Array("A=1\nB=\u{0}".utf8), name: ".env")
        }
    }

    @Test func `lines that double each other's value end in a diagnostic and not in gigabytes`() throws {
        var text = "A0=0123456789\n"
        for line in 1...60 { text += "A\(line)=${A\(line - 1)}${A\(line - 1)}\n" }
        text += "LAST=1\n"

        let file = try EnvFile.parse(Array(text.utf8), name: ".env")

        #expect(file.diagnostics.contains { $0.reason == .assignmentTooLong })
        #expect(file.assignments.allSatisfy { $0.value.byteCount < EnvFile.assignmentBytesMax })
        #expect(file["LAST"]?.reveal() == "1")
    }

    @Test func `all values of a file together have a limit too`() throws {
        var text = "A=\(String(repeating: "x", count: 100_000))\n"
        for line in 1...400 { text += "B\(line)=${A}\n" }

        let file = try EnvFile.parse(Array(text.utf8), name: ".env")

        #expect(file.assignments.map(\.value.byteCount).reduce(0, +) <= EnvFile.valueBytesMax)
        #expect(file.diagnostics.first?.reason == .valuesTooLong)
    }

    @Test func `a file beyond the limit is refused`() {
        let bytes = [UInt8](repeating: 0x41, count: EnvFile.fileBytesMax + 1)

        #expect(throws: EnvFileError.tooLarge(file: ".env", bytes: bytes.count)) {
            try EnvFile.parse(bytes, name: ".env")
        }
    }

    @Test func `many unclosed quotes and braces cost no more than their length`() throws {
        let text = String(repeating: "A=\"${B:-\\\n'${C:-\n", count: 20_000)

        let file = try EnvFile.parse(Array(text.utf8), name: ".env")

        #expect(!file.diagnostics.isEmpty)
    }
}
