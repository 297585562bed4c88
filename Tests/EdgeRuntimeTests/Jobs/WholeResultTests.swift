import Callers
import CivilTime
import EdgeHTTP
import EdgeLoop
import JSON
import Retry
import TestSupport
import Testing

@testable import EdgeRuntime

struct WholeResultTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `who waits for the bytes is answered before the work's end goes on`() async throws {
        let generation = Self.generation()
        let events = Events()
        Task(executorPreference: LoopActor.tasks) { await Self.waitForBytes(of: generation, events) }
        await events.settle()

        await generation.show(try await whole())
        events.list.append("end goes on")

        #expect(events.list == ["waits", "answered", "end goes on"])
    }

    @Test @LoopActor func `nobody who waits for the end is kept waiting by it`() async throws {
        let generation = Self.generation()
        let events = Events()
        Task(executorPreference: LoopActor.tasks) { await Self.waitForBytes(of: generation, events) }
        await events.settle()
        generation.endsAwaited += 1

        let whole = try await whole()
        Task(executorPreference: LoopActor.tasks) { await Self.show(whole, generation, events) }
        await events.settle(3)

        #expect(events.list == ["waits", "end goes on", "answered"])
    }

    @LoopActor private final class Events {
        var list: [String] = []

        func settle(_ count: Int = 1) async {
            while list.count < count { await Task.yield() }
        }
    }

    @LoopActor private static func waitForBytes(of generation: Generation, _ events: Events) async {
        events.list.append("waits")
        _ = await generation.changes.wait()
        events.list.append("answered")
    }

    @LoopActor private static func show(_ whole: WholeResult, _ generation: Generation, _ events: Events) async {
        await generation.show(whole)
        events.list.append("end goes on")
    }

    private let folder = TemporaryFolder()

    @LoopActor private func whole() async throws -> WholeResult {
        let images = ImageFiles(state: try await StateDirectory(path: folder.path))
        let writer = images.begin()
        try await writer.append(Array("a picture".utf8))
        let handle = try await writer.seal(ext: "png")
        return WholeResult(result: JobResult(images: [], facts: [:]), body: .file(handle.region))
    }

    @LoopActor private static func generation() -> Generation {
        let now = Timestamp(milliseconds: 1_795_262_400_000)
        return Generation(
            id: "g",
            function: "f",
            ticket: Ticket(input: [], key: "k", lanes: LaneSet([Lane(name: "hf", price: 1900)]), isFresh: false),
            created: now,
            deadline: now + .seconds(3600),
            retry: RetryDecision(),
            standing: Standing(tier: .free, user: QueueUser(.local), startBy: now + .seconds(300))
        )
    }
}
