import Digest
import EdgeLoop
import Glibc
import Retry
import TestSupport
import Testing

@testable import EdgeRuntime

struct HousekeepingTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `a job file that makes no sense and cannot be moved away is told in the log`() async throws {
        let folder = TemporaryFolder()
        let id = UUIDText.version7()
        try await JobFiles(state: StateDirectory(path: folder.path)).create(id: id, document: Array("{}".utf8))
        var disk = FileCalls.system
        disk.rename = { $1.contains("/dead/") ? -EIO : FileCalls.system.rename($0, $1) }
        let output = open("\(folder.path)/log", O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        let log = LogWriter(descriptor: output, form: .text)
        defer {
            log.finish()  // or its last lines would go to whatever has the descriptor's number next
            close(output)
        }
        let files = JobFiles(state: try await StateDirectory(path: folder.path, calls: disk))
        let images = ImageFiles(state: files.state)
        let cache = ResultCache(images: images, sizeMax: 1 << 30)
        let finishing = JobFinish(files: files, images: images, cache: cache) { Issue.record("\($0)") }
        let board = JobBoard(files: files, calls: NoCalls(), finishing: finishing) { Issue.record("\($0)") }
        let housekeeping = Housekeeping(
            files: files,
            images: images,
            cache: cache,
            board: board,
            finishing: finishing,
            log: log
        )

        try await housekeeping.adopt()
        log.flush()

        let said = folder.read("log")
        #expect(said.contains(id))
        #expect(said.contains("version"), "why it makes no sense")
        #expect(said.contains(String(cString: strerror(EIO))), "why it could not be moved: \(said)")
        #expect(folder.names(in: "jobs/active") == ["\(id).json"])
        #expect(board.count == 0)
    }
}

@LoopActor
private final class NoCalls: FunctionCalls {
    func run(_ generation: Generation, attempt: Attempt, timeout: Duration) async -> RunAnswer {
        Issue.record("nothing is there to be run")
        return .unfinished(.final(status: 400), RunNote(message: "", code: ""))
    }

    func cancel(_ task: LeftTask) async {}
}
