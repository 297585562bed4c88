// Accepted work keeps room on the disk for what it will make.
import EdgeLoop
import Synchronization
import TestSupport
import Testing

@testable import EdgeRuntime

struct PromisedSpaceTests {
    init() { TestLoop.start() }

    private final class FreeSpace: Sendable {
        let free: Mutex<DiskSpace>

        init(bytes: UInt64, files: UInt64? = nil) { free = Mutex(DiskSpace(bytes: bytes, files: files)) }

        var calls: FileCalls {
            var calls = FileCalls.system
            calls.space = { [self] _, space in
                space = free.withLock { $0 }
                return 0
            }
            return calls
        }
    }

    @Test func `a result is taken for what the latest ones took, and half as much again`() {
        var sizes = ResultSizes()
        let first = sizes.space(for: 1).bytes
        #expect(first >= 3 << 20)
        #expect(sizes.space(for: 10).bytes == 10 * first)
        #expect(sizes.space(for: 10).files == 30)

        for _ in 0..<200 { sizes.note(20 << 20) }
        #expect((29 << 20...31 << 20).contains(sizes.space(for: 1).bytes))
        for _ in 0..<1000 { sizes.note(0) }
        #expect(sizes.space(for: 1).bytes >= 256 << 10, "a larger one may follow")
    }

    @Test @LoopActor
    func `work is accepted as long as the results of all that was accepted still fit, in one second too`()
        async throws
    {
        let disk = FreeSpace(bytes: 74 << 20)
        let bench = try await BoardBench(concurrency: 2, disk: disk.calls)
        let gate = Gate()
        bench.calls.answer = { _, _ in
            await gate.wait()
            return await bench.image("a")
        }
        var accepted: [Job] = []
        for number in 0..<3 {
            accepted.append(try await bench.board.accept(bench.ticket(key: "\(number)"), for: "f", needsFile: true))
        }

        await #expect(throws: AcceptError.noRoom) {
            try await bench.board.accept(bench.ticket(key: "3"), for: "f", needsFile: true)
        }
        #expect(!bench.board.files.state.hasRoom, "pictures that come in find no room either")
        // Who follows makes nothing more.
        for _ in 0..<5 {
            _ = try await bench.board.accept(bench.ticket(key: "2"), for: "f", needsFile: true)
        }
        await bench.board.cancel(accepted[1])
        let next = try await bench.board.accept(bench.ticket(key: "3"), for: "f", needsFile: true)

        gate.open()
        await bench.gone(next)
        #expect(next.state == .succeeded)
    }

    @Test @LoopActor func `inodes are kept as bytes are`() async throws {
        let disk = FreeSpace(bytes: 1 << 40, files: 1000 + 7)
        let bench = try await BoardBench(disk: disk.calls)
        let gate = Gate()
        bench.calls.answer = { _, _ in
            await gate.wait()
            return await bench.image("a")
        }
        var last: Job?
        for number in 0..<2 {
            last = try await bench.board.accept(bench.ticket(key: "\(number)"), for: "f", needsFile: true)
        }

        await #expect(throws: AcceptError.noRoom) {
            try await bench.board.accept(bench.ticket(key: "2"), for: "f", needsFile: true)
        }
        gate.open()
        if let last { await bench.gone(last) }
    }
}
