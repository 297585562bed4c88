import EdgeLoop
import Glibc
import TestSupport
import Testing

struct EdgeLoopTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `jobs enqueued on the loop run in their order`() async {
        var order: [Int] = []
        let tasks = (0..<100).map { number in Task { @LoopActor in order.append(number) } }

        for task in tasks { await task.value }

        #expect(order == Array(0..<100))
    }

    @Test @LoopActor func `a call from the loop to the loop does not let others in between`() async {
        var order: [String] = []
        let task = Task { @LoopActor in order.append("task") }

        await record("call", &order)
        order.append("after")
        await task.value

        #expect(order == ["call", "after", "task"])
    }

    @Test func `in a task of the loop, too, a call from the loop to the loop does not let others in between`() async {
        let order = await Task(executorPreference: LoopActor.tasks) { await callBeforeTask() }.value

        #expect(order == ["call", "after"])
    }

    @LoopActor private func callBeforeTask() async -> [String] {
        await withCheckedContinuation { continuation in Task { @LoopActor in continuation.resume() } }
        var order: [String] = []
        Task { @LoopActor in order.append("task") }
        await record("call", &order)
        order.append("after")
        return order
    }

    @Test func `a task of the loop resumes there at once, before what is enqueued later`() async {
        let order = await Task(executorPreference: LoopActor.tasks) { await resumeBeforeTask() }.value

        #expect(order == ["resumed"])
    }

    @LoopActor private func resumeBeforeTask() async -> [String] {
        var order: [String] = []
        await withCheckedContinuation { continuation in
            Task { @LoopActor in
                continuation.resume()
                Task { @LoopActor in order.append("later") }
            }
        }
        order.append("resumed")
        return order
    }

    @LoopActor private func record(_ text: String, _ order: inout [String]) async { order.append(text) }

    @Test @LoopActor func `a task that goes to another thread comes back to the loop`() async {
        let thread = pthread_self()

        let other = await Task.detached { pthread_self() }.value

        #expect(other != thread)
        #expect(pthread_self() == thread)
    }

    @Test @LoopActor func `pool work runs on another thread and its error comes back`() async throws {
        let thread = pthread_self()

        let other = await Pool.run { pthread_self() }

        #expect(other != thread)
        await #expect(throws: SystemError(code: ENOENT, doing: "x")) {
            try await Pool.run { throw SystemError(code: ENOENT, doing: "x") }
        }
    }

    @Test @LoopActor func `a repeating timer calls until it is cancelled`() async {
        var calls = 0
        await withCheckedContinuation { continuation in
            var timer: LoopTimer?
            timer = LoopTimer(after: .milliseconds(1), every: .milliseconds(1)) {
                calls += 1
                if calls == 3 {
                    timer?.cancel()
                    continuation.resume()
                }
            }
        }

        #expect(calls == 3)
    }

    @Test @LoopActor func `a cancelled sleep ends at once`() async {
        let task = Task { @LoopActor in try await sleep(for: .seconds(3600)) }

        task.cancel()

        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test @LoopActor func `work beyond its deadline is cancelled`() async {
        await #expect(throws: DeadlineExceeded()) {
            try await withDeadline(.milliseconds(1)) { try await sleep(for: .seconds(3600)) }
        }
    }

    /// In a process of its own, for all tests share the loop that stands still here.
    @Test @LoopActor func `a process that stood still takes nobody for late`() async throws {
        try await alone {
            let answer = try await withDeadline(.milliseconds(500)) {
                usleep(1_000_000)
                try await sleep(for: .milliseconds(1))
                return "in time"
            }
            #expect(answer == "in time")
            await #expect(throws: DeadlineExceeded()) {
                try await withDeadline(.milliseconds(300)) {
                    usleep(600_000)
                    try await sleep(for: .seconds(3600))
                }
            }
        }
    }

    @Test @LoopActor func `a changed file is told by name`() async throws {
        let folder = TemporaryFolder()
        let names = AsyncStream<String>.makeStream()
        let watcher = try FileWatcher(folder: folder.path) { names.continuation.yield($0) }
        defer { watcher.cancel() }

        folder.write("x", to: "functions.json")

        var iterator = names.stream.makeAsyncIterator()
        #expect(await iterator.next() == "functions.json")
    }

    @Test @LoopActor func `a missing folder cannot be watched, and the error says which`() {
        #expect(throws: SystemError(code: ENOENT, doing: "watching /nonexistent")) {
            _ = try FileWatcher(folder: "/nonexistent") { _ in }
        }
    }
}
