import Secrets
import Testing

@testable import EdgeRuntime

struct FunctionOutputTests {
    private func lines(_ pieces: [String], secrets: [(name: String, value: SecretValue)] = []) -> [String] {
        var output = FunctionOutput(redactor: Redactor(secrets))
        var lines: [String] = []
        for piece in pieces { output.push(Array(piece.utf8)) { lines.append($0) } }
        output.finish { lines.append($0) }
        return lines
    }

    @Test func `pieces become lines`() {
        #expect(lines(["a", "b\nc\r\n", "\n", "d"]) == ["ab", "c", "", "d"])
        #expect(lines([]).isEmpty)
        #expect(lines(["a\n"]) == ["a"])
    }

    @Test func `a secret cut by pieces, or running over lines, is replaced`() {
        let secrets = [("KEY", SecretValue("hunter2-abc")), ("PEM", SecretValue("begin-1234\nmiddle-5678\nend-9"))]

        #expect(lines(["x hunt", "er2-", "abc y\nhun", "t\n"], secrets: secrets) == ["x [KEY] y", "hunt"])
        #expect(lines(["p begin-1234\nmid", "dle-5678\nend-9 q\n"], secrets: secrets) == ["p [PEM] q"])
    }

    @Test func `a line without an end is cut, not kept for ever, and not inside of a character`() {
        let long = String(repeating: "\u{20AC}", count: 10_000)

        let cut = lines([long, "\n"])

        #expect(cut.joined() == long)
        #expect(cut.count == 4)
        #expect(cut.allSatisfy { $0.utf8.count <= FunctionOutput.lineBytesMax })
    }

    @Test func `a line of exactly the limit is one line`() {
        let line = String(repeating: "x", count: FunctionOutput.lineBytesMax)

        #expect(lines(["\(line)\n\(line)\n"]) == [line, line])
    }

    @Test func `bytes that are not UTF-8 are repaired`() {
        var output = FunctionOutput(redactor: .none)
        var lines: [String] = []

        output.push([0x61, 0xFF, 0x62, 0x0A]) { lines.append($0) }

        #expect(lines == ["a\u{FFFD}b"])
    }
}
