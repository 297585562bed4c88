import EdgeHTTP
import EdgeLoop
import Glibc
import TestSupport
import Testing

@testable import EdgeRuntime

@Suite(.timeLimit(.minutes(5)))
struct IsolatesTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `nothing is started before the first call, and calls at once share one start`() async throws {
        let test = TestIsolates { $0.concurrency = 4 }
        let before = test.isolates.status

        async let first = test.lease()
        async let second = test.lease()
        async let third = test.lease()
        let leases = try await [first, second, third]

        #expect(before.starts == 0)
        #expect(before.processes == [])
        #expect(Set(leases.map(\.isolate.id)).count == 1)
        #expect(test.isolates.status.starts == 1)
        #expect(test.isolates.status.calls == 3)
        await test.isolates.stop(within: .zero)
    }

    @Test @LoopActor func `a function that listens on PORT is started and reached there`() async throws {
        let test = TestIsolates { $0.listen = .port }

        let lease = try await test.lease()

        guard case .ip(let address, let port) = lease.isolate.client?.address else {
            Issue.record("\(String(describing: lease.isolate.client?.address)) is no port")
            return
        }
        #expect("\(address)" == "127.0.0.1")
        #expect(port >= 10_000)
        lease.release()
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `calls beyond the places wait in order, and those beyond the queue are refused`() async throws
    {
        let test = TestIsolates {
            $0.concurrency = 1
            $0.queue = 2
        }
        let running = try await test.lease()
        var order: [Int] = []
        let first = Task { @LoopActor in
            let lease = try await test.lease()
            order.append(1)
            lease.release()
        }
        await untilQueued(1, test)
        let second = Task { @LoopActor in
            let lease = try await test.lease()
            order.append(2)
            lease.release()
        }
        await untilQueued(2, test)

        let refused = await failure { try await test.lease() }
        running.release()
        try await first.value
        try await second.value

        #expect(refused == .queueFull(function: "test", places: 2, retryAfter: .seconds(1)))
        #expect(order == [1, 2])
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a caller who leaves gives up its place in the queue`() async throws {
        let test = TestIsolates { $0.concurrency = 1 }
        let running = try await test.lease()
        let waiting = Task { @LoopActor in await failure { try await test.lease() } }
        await untilQueued(1, test)

        waiting.cancel()

        #expect(await waiting.value == .cancelled)
        #expect(test.isolates.status.queued == 0)
        running.release()
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a call that waits too long for a place is told that it was never handed over`() async throws
    {
        let test = TestIsolates { $0.concurrency = 1 }
        let running = try await test.lease()

        let refused = await failure { try await test.isolates.lease(within: .milliseconds(20)) }

        #expect(
            refused == .waitedTooLong(function: "test", after: .milliseconds(20), retryAfter: .seconds(1))
        )
        running.release()
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a control socket knows the calls of its own process, for as long as they run`() async throws
    {
        let test = TestIsolates()
        let first = try await test.isolates.lease(within: .seconds(100), request: "first")
        test.isolates.timedOut(first, after: .seconds(1))
        let second = try await test.isolates.lease(within: .seconds(100), request: "second")

        #expect(test.has("first") == [true, false])
        #expect(test.has("second") == [false, true])
        first.release()
        #expect(test.has("first") == [false, false])
        second.release()
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `an idle process is stopped, and the next call starts another`() async throws {
        let test = TestIsolates { $0.idle = .milliseconds(30) }
        let first = try await test.lease()
        let id = first.isolate.id
        first.release()

        await test.log.untilStopped(.idle)
        let second = try await test.lease()

        #expect(second.isolate.id != id)
        #expect(test.log.events.crashes == 0)
        second.release()
        await test.isolates.stop(within: .seconds(100))
        #expect(await groupIsGone(id))
    }

    @Test @LoopActor func `a warm function starts with the host, stays, and is started again`() async throws {
        let test = TestIsolates {
            $0.warm = true
            $0.idle = .milliseconds(1)
        }
        test.isolates.warmUp()
        await test.log.until { $0.events.starts == 1 }
        let first = try #require(test.pid)

        kill(first, SIGKILL)
        await test.log.until { $0.events.starts == 2 }

        #expect(test.log.events.contains(.crashed(process: first, exit: .signaled(SIGKILL), calls: 0)))
        #expect(test.pid != first)
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `calls that wait when the process dies go to the next one`() async throws {
        let test = TestIsolates { $0.concurrency = 1 }
        let running = try await test.lease()
        let id = running.isolate.id
        let waiting = Task { @LoopActor in try await test.lease() }
        await untilQueued(1, test)

        kill(id, SIGKILL)
        let next = try await waiting.value

        #expect(next.isolate.id != id)
        #expect(running.isolate.exit == .signaled(SIGKILL))
        running.release()
        next.release()
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a program that does not exist fails the start with its name`() async throws {
        let test = TestIsolates { $0.program = "/nonexistent/program" }

        let refused = await failure { try await test.lease() }

        #expect(
            refused
                == .startFailed(
                    function: "test",
                    reason: "starting /nonexistent/program: No such file or directory",
                    retryAfter: .seconds(1)
                )
        )
        #expect(refused?.status == 503)
        #expect(refused?.code == "BOOT_ERROR")
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a working folder that does not exist is named`() async throws {
        let test = TestIsolates { $0.folder = "/nonexistent" }

        let refused = await failure { try await test.lease() }

        #expect(refused?.description.contains("its working folder /nonexistent cannot be used") == true)
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a process that does not listen in time is killed with its group`() async throws {
        let test = TestIsolates(["--never-listen"]) { $0.startTimeout = .milliseconds(50) }

        let refused = await failure { try await test.lease() }

        let id = test.log.events.compactMap { if case .startFailed(let process, _) = $0 { process } else { nil } }.first
        #expect(refused?.description.contains("did not accept a connection on its EDGE_SOCKET") == true)
        #expect(await groupIsGone(try #require(id)))
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `five crashes at the start open the circuit, with the last lines in the log`() async throws {
        let test = TestIsolates(["--crash-at-start"])
        var refusals: [IsolateError?] = []

        for _ in 0..<5 { refusals.append(await failure { try await test.lease() }) }
        let starts = test.isolates.status.starts
        refusals.append(await failure { try await test.lease() })

        let kinds = refusals.map { refusal in
            switch refusal {
            case .startFailed: "start failed"
            case .circuitOpen: "circuit open"
            default: "\(String(describing: refusal))"
            }
        }
        #expect(kinds == [String](repeating: "start failed", count: 4) + ["circuit open", "circuit open"])
        #expect(starts == 5)
        #expect(
            test.log.events.contains(
                .circuitOpened(
                    for: CrashCircuit.openFirst,
                    lastLines: ["cannot start: the model file is missing"]
                )
            )
        )
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a replaced function closes its circuit and starts anew`() async throws {
        let test = TestIsolates(["--crash-at-start"])
        for _ in 0..<5 { _ = await failure { try await test.lease() } }

        test.isolates.replace(TestIsolates.function(in: test.folder.path))
        let lease = try await test.lease()

        #expect(lease.isolate.phase == .ready)
        lease.release()
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `replacing keeps a process that nothing has changed for`() async throws {
        let test = TestIsolates(variables: { [("A", "1")] })
        let lease = try await test.lease()
        var function = test.isolates.function
        function.idle = .seconds(7)
        function.concurrency = 3

        test.isolates.replace(function)

        #expect(test.pid == lease.isolate.id)
        #expect(test.isolates.function.concurrency == 3)
        lease.release()
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a changed variable or program means a fresh process, and the old one ends after its calls`()
        async throws
    {
        var secret = "old"
        let test = TestIsolates(variables: { [("SECRET", secret)] })
        test.folder.write("one", to: "script")
        var function = test.isolates.function
        function.arguments = ["script"]
        test.isolates.replace(function)
        let first = try await test.lease()

        secret = "new"
        test.isolates.replace(function)
        let second = try await test.lease()
        let firstWasAlive = exists(first.isolate.id)
        first.release()
        _ = await first.isolate.exit(within: .seconds(100))
        test.folder.write("two!", to: "script")
        test.isolates.replace(function)
        let third = try await test.lease()

        #expect(firstWasAlive)
        #expect(Set([first, second, third].map(\.isolate.id)).count == 3)
        #expect(test.log.events.crashes == 0)
        second.release()
        third.release()
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `stopping waits for calls, refuses new ones, and leaves nothing behind`() async throws {
        let test = TestIsolates()
        let lease = try await test.lease()
        let id = lease.isolate.id
        let stopped = Task { @LoopActor in await test.isolates.stop(within: .seconds(100)) }
        await sleepTurn()

        let refused = await failure { try await test.lease() }
        let ranOn = exists(id)
        lease.release()
        await stopped.value

        #expect(refused == .stopping(function: "test"))
        #expect(ranOn)
        #expect(await groupIsGone(id))
        #expect(entries(of: test.folder.path) == [])
    }

    @Test @LoopActor func `what ignores SIGTERM is killed with its group when the time is over`() async throws {
        let test = TestIsolates(["--ignore-term", "--forks"], grace: .milliseconds(50))
        let lease = try await test.lease()
        let id = lease.isolate.id

        await test.isolates.stop(within: .milliseconds(50))

        #expect(await groupIsGone(id))
        lease.release()
    }

    @Test @LoopActor func `a process that ignores SIGTERM when it is idle is killed after its grace`() async throws {
        let test = TestIsolates(["--ignore-term"], grace: .milliseconds(20)) { $0.idle = .milliseconds(10) }
        let lease = try await test.lease()
        let id = lease.isolate.id
        lease.release()

        await test.log.until { $0.events.contains(.killed(process: id)) }

        #expect(await lease.isolate.exit(within: .seconds(100)) == .signaled(SIGKILL))
        await test.isolates.stop(within: .seconds(100))
    }

    private func untilQueued(_ count: Int, _ test: TestIsolates) async {
        while await test.isolates.status.queued < count { await sleepTurn() }
    }

    /// Lets the loop turn once.
    private func sleepTurn() async { try? await sleep(for: .milliseconds(1)) }
}

/// The error that a call for a place ends with.
@LoopActor
func failure(_ body: @LoopActor () async throws -> IsolateLease) async -> IsolateError? {
    do {
        try await body().release()
        return nil
    } catch {
        return error as? IsolateError
    }
}
