// Calls without tasks: the usual way, and how they go on where something is out of the ordinary.
import EdgeHTTP
import EdgeLoop
import Glibc
import TestSupport
import Testing

@testable import EdgeRuntime

/// A call that was begun, and what becomes of it. What goes on in a task does so here.
@LoopActor
private final class BegunCall {
    private(set) var neededTask = false
    private let end = OneShot<Result<String, IsolateError>>()
    private var call: DirectCall?

    init(_ test: TestIsolates, _ target: String, timeout: Duration = .seconds(100)) {
        let request = HTTPRequest(method: "GET", target: target, body: HTTPBodyReader())
        call = test.isolates.begin(request, timeout: timeout) { [end] outcome in
            Task { @LoopActor in
                do {
                    let response: HTTPResponse
                    switch outcome {
                    case .answered(let answer): response = answer
                    case .goesOn(let rest):
                        self.neededTask = true
                        response = try await rest()
                    }
                    end.finish(.success(String(decoding: try await response.collected(), as: UTF8.self)))
                } catch let error as IsolateError {
                    end.finish(.failure(error))
                }
            }
        }
    }

    func cancel() { call?.cancel() }

    func text() async throws -> String { try await end.wait().get() }

    func error() async -> IsolateError? {
        if case .failure(let error) = await end.wait() { error } else { nil }
    }
}

@Suite(.timeLimit(.minutes(5)))
struct DirectCallTests {
    init() { TestLoop.start() }

    /// With a process that runs.
    @LoopActor private func running(_ change: (inout IsolateFunction) -> Void = { _ in }) async throws -> TestIsolates {
        let test = TestIsolates(grace: .milliseconds(100), change)
        _ = try await test.call("/hello")
        return test
    }

    @Test @LoopActor func `a process that runs is called without a task, and its place is free at once`() async throws {
        let test = try await running()

        let call = BegunCall(test, "/hello")

        #expect(try await call.text() == "hello")
        #expect(!call.neededTask)
        #expect(test.isolates.status.calls == 0)
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a call starts the process that it needs`() async throws {
        let test = TestIsolates()

        let text = try await BegunCall(test, "/hello").text()

        #expect(text == "hello")
        #expect(test.isolates.status.starts == 1)
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `calls beyond the places wait for their turn without a task`() async throws {
        let test = try await running { $0.concurrency = 1 }

        let calls = (0..<20).map { _ in BegunCall(test, "/hello") }
        for call in calls { #expect(try await call.text() == "hello") }

        #expect(calls.allSatisfy { !$0.neededTask })
        #expect(test.isolates.status.queued == 0)
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `calls beyond the connections open further ones`() async throws {
        let test = try await running()

        let calls = (0..<3).map { _ in BegunCall(test, "/slow?50") }
        for call in calls { #expect(try await call.text() == "slow") }

        #expect(calls.map(\.neededTask) == [false, true, true])
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `an answer in parts holds its place until its last byte`() async throws {
        let test = try await running { $0.concurrency = 1 }

        let text = try await BegunCall(test, "/stream?5x10").text()

        #expect(text == String(repeating: "part\n", count: 5))
        #expect(test.isolates.status.calls == 0)
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a call that passes its time gets 504, also when a longer one began before it`()
        async throws
    {
        let test = try await running()

        let long = BegunCall(test, test.waiting)
        let error = await BegunCall(test, "/hang", timeout: .milliseconds(80)).error()

        #expect(error == .timedOut(function: "test", after: .milliseconds(80)))
        #expect(test.isolates.status.timeouts == 1)
        test.letGo()
        #expect(try await long.text() == "waited")
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a call whose turn does not come in time is told so`() async throws {
        let test = try await running { $0.concurrency = 1 }
        let first = BegunCall(test, test.waiting)

        let error = await BegunCall(test, "/hello", timeout: .milliseconds(50)).error()

        guard case .waitedTooLong = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        test.letGo()
        #expect(try await first.text() == "waited")
        await test.isolates.stop(within: .seconds(100))
    }

    /// In a process of its own, for all tests share the loop that stands still here.
    @Test @LoopActor func `a function is not late because its host stood still`() async throws {
        try await alone {
            let test = try await running()

            let direct = BegunCall(test, "/slow?700", timeout: .milliseconds(500))
            usleep(1_000_000)
            #expect(try await direct.text() == "slow")
            let hanging = BegunCall(test, "/hang", timeout: .milliseconds(300))
            usleep(600_000)
            #expect(await hanging.error() == .timedOut(function: "test", after: .milliseconds(300)))
            await test.isolates.stop(within: .seconds(100))
        }
    }

    @Test @LoopActor func `what a cancelled task would call is never sent`() async throws {
        let test = try await running()

        let task = Task { @LoopActor in try await test.call("/say?sent") }
        task.cancel()

        await #expect(throws: IsolateError.cancelled) { try await task.value }
        #expect(try await test.call("/hello").text == "hello")
        #expect(!test.log.lines.contains("stderr: sent"))
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a process that dies under calls gives them 502`() async throws {
        let test = try await running()
        let neighbour = BegunCall(test, "/hang")

        let error = await BegunCall(test, "/crash").error()

        #expect(error == .died(function: "test", exit: .signaled(SIGKILL)))
        #expect(await neighbour.error() == error)
        #expect(test.isolates.status.crashes == 1)
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a connection that closes without an answer is tried once more`() async throws {
        let test = try await running()

        let error = await BegunCall(test, "/close").error()

        #expect(error == .badAnswer(function: "test", reason: "the connection was closed before an answer came"))
        await test.isolates.stop(within: .seconds(100))
        #expect(test.log.lines.count { $0 == "stderr: closing" } == 2)
    }

    @Test @LoopActor func `who leaves gives its place back, or its place in the queue`() async throws {
        let test = try await running { $0.concurrency = 1 }
        let running = BegunCall(test, "/hang")
        let waiting = BegunCall(test, "/hang")

        waiting.cancel()
        let waitingError = await waiting.error()
        running.cancel()
        let runningError = await running.error()

        #expect(waitingError == .cancelled)
        #expect(runningError == .cancelled)
        #expect(try await test.call("/hello").text == "hello")
        #expect(test.isolates.status.starts == 1)
        await test.isolates.stop(within: .seconds(100))
    }
}
