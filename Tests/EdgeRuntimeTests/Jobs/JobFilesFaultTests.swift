import Digest
import EdgeLoop
import Glibc
import TestSupport
import Testing

@testable import EdgeRuntime

/// Every call of one job's life fails once, with each kind of error.
struct JobFilesFaultTests {
    init() { TestLoop.start() }

    private let day = "2026-11-21"
    private let one = Array("{\"n\":1}".utf8)
    private let two = Array("{\"n\":2}".utf8)

    /// One folder, one host, a disk that fails at call `k` of `step`; then `check`. Ends when `k` is beyond the step's calls.
    @LoopActor private func atEachCall(
        _ code: Int32,
        before: (JobFiles, String) async throws -> Void,
        _ step: (JobFiles, String) async throws -> Void,
        _ check: (TemporaryFolder, String, any Error) async throws -> Void
    ) async throws -> Int {
        var k = 0
        while true {
            let folder = TemporaryFolder()
            let disk = FaultyDisk()
            let id = UUIDText.version7()
            do {
                let files = JobFiles(state: try await StateDirectory(path: folder.path, calls: disk.calls))
                try await before(files, id)
                disk.arm(failing: k, code: code)
                var failure: (any Error)?
                do { try await step(files, id) } catch { failure = error }
                guard disk.now.hasFailed else { return k }
                #expect(disk.now.brokenRules == [], "call \(k)")
                #expect(disk.now.paths.isEmpty, "call \(k) leaves a descriptor open")
                #expect(folder.names(in: "jobs/tmp") == [], "call \(k)")
                if let failure {
                    let error = try #require(failure as? StateError)
                    #expect(error.description.contains(folder.path) && error.isDiskFull == (code == ENOSPC))
                    try await check(folder, id, error)
                    disk.arm(failing: nil)
                    try await step(files, id)  // a later call works
                }
            }
            k += 1
        }
    }

    @Test(arguments: [ENOSPC, EIO]) @LoopActor func `a job that could not be created leaves nothing`(
        code: Int32
    ) async throws {
        let calls = try await atEachCall(code) { _, _ in
        } _: { files, id in
            try await files.create(id: id, document: one)
        } _: { folder, _, _ in
            #expect(folder.names(in: "jobs/active") == [])
        }

        #expect(calls == 8)  // open, write, sync, close, rename; the folder's open, sync, close
    }

    @Test(arguments: [ENOSPC, EIO]) @LoopActor func `a job that could not be replaced is there, old or new`(
        code: Int32
    ) async throws {
        _ = try await atEachCall(code) { files, id in
            try await files.create(id: id, document: one)
        } _: { files, id in
            try await files.replace(id: id, document: two)
        } _: { folder, id, _ in
            let text = folder.text("jobs/active/\(id).json")
            #expect(text == "{\"n\":1}" || text == "{\"n\":2}")
        }
    }

    @Test(arguments: [ENOSPC, EIO]) @LoopActor func `a job that could not be finished is still active`(
        code: Int32
    ) async throws {
        let calls = try await atEachCall(code) { files, id in
            try await files.create(id: id, document: one)
        } _: { files, id in
            try await files.finish(id: id, document: two, day: day)
        } _: { folder, id, _ in
            #expect(folder.text("jobs/active/\(id).json") == "{\"n\":1}")
            #expect(folder.names(in: "jobs/done/\(day)") == [])
        }

        #expect(calls == 12)  // the day's folder first
    }

    @Test(arguments: [ENOSPC, EIO]) @LoopActor func `a job that could not be removed can be removed later`(
        code: Int32
    ) async throws {
        _ = try await atEachCall(code) { files, id in
            try await files.create(id: id, document: one)
            try await files.finish(id: id, document: two, day: day)
        } _: { files, id in
            try await files.remove(id: id)
        } _: { _, _, _ in
        }
    }

    @Test @LoopActor func `a job is never gone before its trace is there`() async throws {
        _ = try await atEachCall(EIO) { files, id in
            try await files.create(id: id, document: one)
            try await files.finish(id: id, document: two, day: day)
        } _: { files, id in
            try await files.remove(id: id, leaving: one)
        } _: { folder, id, _ in
            let names = folder.names(in: "jobs/done/\(day)")
            #expect(names.contains("\(id).json") || names.contains("\(id).removed"))
        }
    }

    @Test @LoopActor func `a job that cannot be read for want of descriptors stops the start and is not buried`()
        async throws
    {
        let folder = TemporaryFolder()
        let id = UUIDText.version7()
        try await JobFiles(state: StateDirectory(path: folder.path)).create(id: id, document: one)
        var calls = FileCalls.system
        calls.open = { $0.hasSuffix("\(id).json") ? -EMFILE : FileCalls.system.open($0, $1, $2) }

        let files = JobFiles(state: try await StateDirectory(path: folder.path, calls: calls))

        await #expect(throws: StateError.self) { _ = try await files.load() }
        #expect(folder.names(in: "jobs/active") == ["\(id).json"])
    }

    @Test @LoopActor func `a file that is no job is told of also when it cannot be moved away`() async throws {
        let folder = TemporaryFolder()
        let id = UUIDText.version7()
        try await JobFiles(state: StateDirectory(path: folder.path)).create(id: id, document: [])
        var calls = FileCalls.system
        calls.rename = { $1.contains("/dead/") ? -EIO : FileCalls.system.rename($0, $1) }

        let files = JobFiles(state: try await StateDirectory(path: folder.path, calls: calls))
        var buried: [BuriedJob] = []
        files.onBuried = { buried.append($0) }

        #expect(try await files.load() == [])
        #expect(buried == [BuriedJob(id: id, reason: "the file is empty", path: nil)])
        #expect(folder.names(in: "jobs/active") == ["\(id).json"])
    }

    @Test @LoopActor func `a job that the disk cannot read is kept in dead`() async throws {
        let folder = TemporaryFolder()
        let id = UUIDText.version7()
        try await JobFiles(state: StateDirectory(path: folder.path)).create(id: id, document: one)
        var calls = FileCalls.system
        calls.read = { $0 > 2 && $1.count < 64 ? -Int(EIO) : FileCalls.system.read($0, $1, $2) }

        let files = JobFiles(state: try await StateDirectory(path: folder.path, calls: calls))
        var buried: [BuriedJob] = []
        files.onBuried = { buried.append($0) }

        #expect(try await files.load() == [])
        #expect(buried.map(\.id) == [id])
        #expect(folder.names(in: "jobs/dead") == ["\(id).json"])
    }
}
