import EdgeLoop
import Glibc
import Secrets
import TestSupport
import Testing

@testable import EdgeRuntime

struct OutputReaderTests {
    init() { TestLoop.start() }

    @LoopActor private func lines(
        _ pieces: [String],
        hiding secrets: [(name: String, value: SecretValue)]
    ) throws
        -> [String]
    {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_NONBLOCK, 0, &ends) == 0)
        defer { close(ends[1]) }
        var lines: [String] = []
        let reader = OutputReader(Socket(adopting: ends[0]), redactor: Redactor(secrets)) { lines.append($0.text) }
        for piece in pieces {
            #expect(write(ends[1], piece, piece.utf8.count) == piece.utf8.count)
            reader.socketReadable()
        }
        reader.finish()
        return lines
    }

    @Test @LoopActor func `a secret is hidden where a long line is cut in its middle`() throws {
        let beginning = String(repeating: "x", count: LineSplitter.bytesMax - 4)

        let lines = try lines([beginning + "hunter2-abc\nnext\n"], hiding: [("KEY", SecretValue("hunter2-abc"))])

        #expect(lines == [beginning + "[KEY [1 more bytes]", "next"])
    }

    @Test @LoopActor func `a secret cut by pieces, or running over lines, is hidden`() throws {
        let secrets = [("KEY", SecretValue("hunter2-abc")), ("PEM", SecretValue("begin-1234\nmiddle-5678\nend-9"))]

        #expect(try lines(["x hunt", "er2-", "abc y\nhun", "t\n"], hiding: secrets) == ["x [KEY] y", "hunt"])
        #expect(try lines(["p begin-1234\nmid", "dle-5678\nend-9 q\n"], hiding: secrets) == ["p [PEM] q"])
    }

    @Test @LoopActor func `without secrets lines are as they were written`() throws {
        #expect(try lines(["a", "b\nc\r\n", "\n", "d"], hiding: []) == ["ab", "c", "d"])
    }
}
