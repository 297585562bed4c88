import EdgeLoop
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import EdgeRuntime

struct FilePlaceTests {
    init() { TestLoop.start() }

    let folder = TemporaryFolder()

    @Test @LoopActor func `work on a disk never keeps the loop waiting`() async throws {
        let files = FileWriter(calls: .system)

        let thread = await files.run { pthread_self() }

        #expect(thread != pthread_self())
    }

    @Test @LoopActor func `in memory small work is done on the loop at once, and large work beside it`() async throws {
        let files = FileWriter(calls: .system, isInMemory: true)

        let small = await files.run(bytes: 32 << 10) { pthread_self() }
        let large = await files.run(bytes: 33 << 10) { pthread_self() }

        #expect(small == pthread_self())
        #expect(large != pthread_self())
    }

    @Test @LoopActor func `in memory nothing is synced, and an error is its caller's`() async throws {
        let syncs = Mutex(0)
        var calls = FileCalls.system
        calls.fsync = { _ in
            syncs.withLock { $0 += 1 }
            return 0
        }
        let files = FileWriter(calls: calls, isInMemory: true)
        let directory = DirectorySync(files: files)
        let path = folder.path

        try await directory.sync(path) { () throws(StateError) in
            try files.writeNew("\(path)/new", [1, 2, 3])
            try files.move("\(path)/new", to: "\(path)/name")
        }
        await #expect(throws: StateError.unknown(id: "x")) {
            try await directory.sync(path) { () throws(StateError) in throw .unknown(id: "x") }
        }

        #expect(syncs.withLock { $0 } == 0)
        #expect(folder.names(in: "") == ["name"])
    }

    @Test(.enabled(if: TemporaryFolder.memory != nil)) @LoopActor
    func `a state directory knows that it is in memory, unless its calls may wait`() async throws {
        let folder = TemporaryFolder(in: TemporaryFolder.memory)

        let state = try await StateDirectory(path: "\(folder.path)/a")
        let other = try await StateDirectory(path: "\(folder.path)/b", calls: .system)

        #expect(state.files.isInMemory)
        #expect(state.isThrowAway)
        #expect(!other.files.isInMemory)
    }
}
