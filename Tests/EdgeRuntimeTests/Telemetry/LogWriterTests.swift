import CivilTime
import EdgeLoop
import Glibc
import Secrets
import TestSupport
import Testing

@testable import EdgeRuntime

struct LogWriterTests {
    /// A pipe whose reading end never waits.
    private final class Pipe {
        let reading: Int32
        let writing: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(Glibc.pipe(&ends) == 0)
            reading = ends[0]
            writing = ends[1]
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            _ = fcntl(reading, F_SETFL, O_NONBLOCK)
        }

        deinit {
            close(reading)
            close(writing)
        }

        func read() -> String {
            var bytes = [UInt8](repeating: 0, count: 1 << 20)
            var text = ""
            while true {
                let count = Glibc.read(reading, &bytes, bytes.count)
                guard count > 0 else { return text }
                text += String(decoding: bytes[..<count], as: UTF8.self)
            }
        }
    }

    @LoopActor private func writer(_ descriptor: Int32, redactor: Redactor = .none) -> LogWriter {
        LogWriter(descriptor: descriptor, form: .text, redactor: redactor) { Timestamp(milliseconds: 0) }
    }

    init() { TestLoop.start() }

    @Test @LoopActor func `lines of one turn are written together when it ends`() async throws {
        let pipe = try Pipe()
        let log = writer(pipe.writing)

        log.write(.info, "one")
        log.write(.info, "two")
        let early = pipe.read()
        await Task.yield()
        try await sleep(for: .milliseconds(1))

        #expect(early.isEmpty)
        #expect(pipe.read() == "1970-01-01T00:00:00.000Z info one\n1970-01-01T00:00:00.000Z info two\n")
    }

    @Test @LoopActor func `a full batch is written at once`() throws {
        let pipe = try Pipe()
        let log = writer(pipe.writing)
        let setPipeSize: Int32 = 1031  // F_SETPIPE_SZ, which Glibc shows only with _GNU_SOURCE
        _ = fcntl(pipe.writing, setPipeSize, 1 << 20)

        for _ in 0..<200 { log.write(.info, String(repeating: "x", count: 400)) }

        #expect(pipe.read().utf8.count >= LogWriter.batchBytesMax)
    }

    @Test @LoopActor func `a reader that stands still costs lines and no time, and is told how many`() throws {
        let pipe = try Pipe()
        let log = writer(pipe.writing)
        let line = String(repeating: "x", count: 1_000)

        for _ in 0..<1_000 { log.write(.info, line) }
        let dropped = log.droppedLines
        var text = pipe.read()
        for _ in 0..<20 {
            log.flush()
            text += pipe.read()
        }

        #expect((500..<800).contains(dropped))  // what fits: the pipe's 64 KiB and the writer's 256 KiB
        let lines = text.split(separator: "\n")
        #expect(lines.count == 1_000 - dropped + 1)
        #expect(lines.last?.contains("warning \(dropped) log lines were dropped") == true)
        #expect(lines.dropLast().allSatisfy { $0.hasSuffix("x") })
        #expect(log.droppedLines == dropped)
    }

    @Test @LoopActor func `the shared descriptor keeps its flags`() throws {
        let pipe = try Pipe()
        let log = writer(pipe.writing)

        log.write(.info, "x")
        log.flush()

        #expect(fcntl(pipe.writing, F_GETFL) & O_NONBLOCK == 0)
    }

    @Test @LoopActor func `a reader that is gone costs its lines only`() throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        try #require(Glibc.pipe(&ends) == 0)
        let log = writer(ends[1])
        close(ends[0])

        log.write(.info, "one")
        log.flush()
        log.write(.info, "two")
        log.finish()
        close(ends[1])

        #expect(log.droppedLines == 2)
    }

    @Test @LoopActor func `sockets and files work too`() throws {
        let folder = TemporaryFolder()
        let file = open("\(folder.path)/log", O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0o600)
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let redactor = Redactor([("KEY", SecretValue("hunter2"))])
        var texts: [String] = []

        for (written, read) in [(file, file), (ends[0], ends[1])] {
            let log = writer(written, redactor: redactor)
            log.write(.error, "hunter2", function: "f")
            log.finish()
            var bytes = [UInt8](repeating: 0, count: 1_000)
            if read == file { lseek(file, 0, SEEK_SET) }
            let count = Glibc.read(read, &bytes, bytes.count)
            texts.append(String(decoding: bytes[..<max(count, 0)], as: UTF8.self))
        }
        for descriptor in [file] + ends { close(descriptor) }

        #expect(texts == Array(repeating: "1970-01-01T00:00:00.000Z error f: [KEY]\n", count: 2))
    }

    @Test @LoopActor func `a full socket blocks nobody`() throws {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let log = writer(ends[0])

        for _ in 0..<3_000 { log.write(.info, String(repeating: "x", count: 1_000)) }
        log.flush()

        #expect(log.droppedLines > 0)
        // With nobody to read them the lines are dropped: what was left would go to whatever has the descriptor's number next.
        close(ends[1])
        log.finish()
        close(ends[0])
    }

    @Test @LoopActor func `a new redactor counts from the next line on`() throws {
        let pipe = try Pipe()
        let log = writer(pipe.writing)

        log.write(.info, "hunter2")
        log.redactor = Redactor([("KEY", SecretValue("hunter2"))])
        log.write(.info, "hunter2")
        log.flush()

        #expect(pipe.read().split(separator: "\n").map { $0.suffix(7) } == ["hunter2", "o [KEY]"])
    }
}
