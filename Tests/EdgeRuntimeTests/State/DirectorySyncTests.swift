import EdgeLoop
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import EdgeRuntime

struct DirectorySyncTests {
    init() { TestLoop.start() }

    let folder = TemporaryFolder()

    /// Holds pool threads until it is opened.
    final class Barrier: Sendable {
        private let isOpen = Atomic(false)
        func open() { isOpen.store(true, ordering: .releasing) }
        func wait() { while !isOpen.load(ordering: .acquiring) { sched_yield() } }
    }

    @Test @LoopActor func `all changes made while a sync runs are served by the next one`() async throws {
        let log = Mutex<[String]>([])
        let barrier = Barrier()
        var calls = FileCalls.system
        calls.fsync = { _ in
            log.withLock { $0.append("sync") }
            barrier.wait()
            return 0
        }
        let syncs = DirectorySync(files: FileWriter(calls: calls))
        let path = folder.path

        let tasks = (0..<50).map { number in
            Task { @LoopActor in
                try await syncs.sync(path) { () throws(StateError) in
                    // The last change lets the first sync end, so all but its own have gathered by then.
                    if log.withLock({
                        $0.append("\(number)")
                        return $0.count
                    }) == 51 {
                        barrier.open()
                    }
                }
            }
        }
        for task in tasks { try await task.value }

        let entries = log.withLock { $0 }
        let syncCount = entries.count { $0 == "sync" }
        #expect(Set(entries) == Set((0..<50).map(String.init) + ["sync"]))
        #expect(entries.last == "sync" && (2...3).contains(syncCount), "\(entries)")
    }

    @Test @LoopActor func `folders do not wait for each other`() async throws {
        let syncs = DirectorySync(files: FileWriter(calls: .system))
        folder.makeFolder("a")
        let path = folder.path

        async let first: Void = syncs.sync(path)
        async let second: Void = syncs.sync("\(path)/a")

        try await first
        try await second
    }

    @Test @LoopActor func `a failed change is its own caller's error alone`() async throws {
        let barrier = Barrier()
        var calls = FileCalls.system
        calls.fsync = { _ in
            barrier.wait()
            return 0
        }
        let syncs = DirectorySync(files: FileWriter(calls: calls))
        let path = folder.path

        let first = Task { @LoopActor in try await syncs.sync(path) }
        let bad = Task { @LoopActor in
            try await syncs.sync(path) { () throws(StateError) in throw .unknown(id: "x") }
        }
        let good = Task { @LoopActor in try await syncs.sync(path) }
        await Task.yield()
        barrier.open()

        try await first.value
        await #expect(throws: StateError.unknown(id: "x")) { try await bad.value }
        try await good.value
    }

    @Test @LoopActor func `a failed sync is everybody's error, and the next one has a new descriptor`() async throws {
        let disk = FaultyDisk()
        let syncs = DirectorySync(files: FileWriter(calls: disk.calls))
        let path = folder.path
        disk.arm(failing: 1, code: EIO)

        let error = await #expect(throws: StateError.self) { try await syncs.sync(path) }
        try await syncs.sync(path)

        #expect(error == .failed(doing: "sync the folder", path: path, code: EIO))
        #expect(disk.now.brokenRules == [])
        #expect(disk.now.paths.isEmpty)
    }
}
