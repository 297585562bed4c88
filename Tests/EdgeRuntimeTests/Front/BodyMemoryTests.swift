import EdgeLoop
import TestSupport
import Testing

@testable import EdgeHTTP
@testable import EdgeRuntime

/// Large bodies in memory, all of them together.
struct BodyMemoryTests {
    init() { TestLoop.start() }

    private static let megabyte = 1 << 20

    /// A body that a test sends piece by piece, and what came of it.
    @LoopActor
    private final class Upload: HTTPBodySource {
        private(set) var body: HTTPBodyReader?
        private(set) var held: HeldBody?
        private(set) var problem: Problem?
        private let begun = Gate()
        private let ended = Gate()

        func bodyIsWanted() { begun.open() }
        func bodyIsAbandoned() {}

        init(_ length: Int?, to memory: BodyMemory) {
            let body = HTTPBodyReader(length: length, source: self)
            self.body = body
            Task(executorPreference: LoopActor.tasks) { await self.collect(body, memory) }
        }

        private func collect(_ body: HTTPBodyReader, _ memory: BodyMemory) async {
            do {
                held = try await memory.collect(body, upTo: 32 << 20)
            } catch {
                problem = error as? Problem
            }
            ended.open()
        }

        /// Sends as soon as it is let in.
        func send(_ count: Int) async {
            await begun.wait()
            let bytes = [UInt8](repeating: 32, count: count)
            bytes.withUnsafeBytes { body?.push(Bytes($0)) }
        }

        func finish(sending count: Int) async {
            await send(count)
            body?.finish()
            await ended.wait()
        }

        func answered() async { await ended.wait() }

        func letGo() { held = nil }
    }

    @Test @LoopActor func `small bodies pass, however full it is`() async throws {
        let memory = BodyMemory(limit: 4 * Self.megabyte, slowAfter: .seconds(3600), waitMax: .seconds(3600))
        let large = Upload(2 * Self.megabyte, to: memory)
        await large.finish(sending: 2 * Self.megabyte)
        let full = memory.used

        let small = Upload(BodyMemory.freeBytes, to: memory)
        await small.finish(sending: BodyMemory.freeBytes)

        #expect(full == 4 * Self.megabyte)
        #expect(small.held?.bytes.count == BodyMemory.freeBytes)
        #expect(memory.used == full)
    }

    @Test @LoopActor func `large ones wait for room in their order, and give theirs back`() async throws {
        let memory = BodyMemory(limit: 10 * Self.megabyte, slowAfter: .seconds(3600), waitMax: .seconds(3600))
        let uploads = (0..<5).map { _ in Upload(2 * Self.megabyte, to: memory) }
        var most = 0
        for upload in uploads {
            await upload.finish(sending: 2 * Self.megabyte)
            most = max(most, memory.used)
            #expect(upload.held?.bytes.count == 2 * Self.megabyte)
            upload.letGo()
        }

        #expect(most == 8 * Self.megabyte, "two of them at once")
        #expect(memory.used == 0)
    }

    @Test @LoopActor func `one that is larger than all the room is let in alone`() async throws {
        let memory = BodyMemory(limit: Self.megabyte, slowAfter: .seconds(3600), waitMax: .seconds(3600))
        for length in [8 * Self.megabyte, nil] {
            let upload = Upload(length, to: memory)
            await upload.finish(sending: 8 * Self.megabyte)

            #expect(upload.held?.bytes.count == 8 * Self.megabyte)
            upload.letGo()
            #expect(memory.used == 0)
        }
    }

    @Test @LoopActor func `without room for a while it is refused, and told when to come back`() async throws {
        let memory = BodyMemory(limit: 4 * Self.megabyte, waitMax: .milliseconds(10))
        let first = Upload(2 * Self.megabyte, to: memory)
        await first.finish(sending: 2 * Self.megabyte)
        let second = Upload(2 * Self.megabyte, to: memory)
        await second.answered()

        #expect(second.problem?.status == 503)
        #expect(second.problem?.retryAfter != nil)
        #expect(second.problem?.message.contains("host.bodyMemory") == true)
        first.letGo()
        #expect(memory.used == 0)
    }

    @Test @LoopActor func `one that announces much and sends little keeps nobody out`() async throws {
        let memory = BodyMemory(limit: 16 * Self.megabyte, slowAfter: .milliseconds(10))
        let slow = Upload(8 * Self.megabyte, to: memory)
        await slow.send(1000)
        let other = Upload(4 * Self.megabyte, to: memory)
        await other.finish(sending: 4 * Self.megabyte)

        #expect(other.held != nil)
        other.letGo()
        await slow.finish(sending: 8 * Self.megabyte - 1000)
        #expect(slow.held?.bytes.count == 8 * Self.megabyte)
        #expect(memory.used == 16 * Self.megabyte)
        slow.letGo()
        #expect(memory.used == 0)
    }

    @Test @LoopActor func `a body of unknown length counts as it comes`() async throws {
        let memory = BodyMemory(limit: 64 * Self.megabyte, slowAfter: .seconds(3600), waitMax: .seconds(3600))
        let upload = Upload(nil, to: memory)
        await upload.finish(sending: 3 * Self.megabyte)

        #expect((6...7).contains(memory.used / Self.megabyte))
        upload.letGo()
        #expect(memory.used == 0)
    }
}
