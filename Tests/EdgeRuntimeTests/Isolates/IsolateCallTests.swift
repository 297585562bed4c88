import EdgeHTTP
import EdgeLoop
import Glibc
import TestSupport
import Testing

@testable import EdgeRuntime

@Suite(.timeLimit(.minutes(5)))
struct IsolateCallTests {
    init() { TestLoop.start() }

    @Test(arguments: [IsolateFunction.Listen.socket, .port])
    @LoopActor func `a call starts the function and gives its answer`(listen: IsolateFunction.Listen) async throws {
        let test = TestIsolates { $0.listen = listen }

        let hello = try await test.call("/hello")
        let missing = try await test.call("/missing")

        #expect(hello == (200, "hello"))
        #expect(missing == (404, "no such path"))
        #expect(test.isolates.status.starts == 1)
        #expect(test.isolates.status.calls == 0)
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `bodies go through both ways, also large ones`() async throws {
        let test = TestIsolates()
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 3 << 20)

        let echo = try await test.call("/echo", method: "POST", body: body)

        #expect(echo.text == String(decoding: body, as: UTF8.self))
        await test.isolates.stop(within: .seconds(100))
    }

    /// In a process of its own, for variables belong to a whole process.
    @Test @LoopActor func `the function gets its variables, three descriptors and its limits, and nothing else`()
        async throws
    {
        try await alone { try await variables() }
    }

    @LoopActor private func variables() async throws {
        setenv("EDGE_TEST_LEAK", "1", 1)
        setenv("HTTPS_PROXY", "http://proxy:1", 1)
        let test = TestIsolates {
            $0.openFiles = 99
            $0.memoryBytes = 512 << 20
        } variables: {
            [("TOKEN", "secret")]
        }

        let variables = try await test.call("/env").text.split(separator: "\n")
        let descriptors = try await test.call("/descriptors").text
        let limits = try await test.call("/limits").text

        let names = Set(variables.map { String($0.prefix { $0 != "=" }) })
        #expect(
            names.subtracting(isolateBaseNames) == [
                "TOKEN", "EDGE_SOCKET", "EDGE_CONTROL", "EDGE_FUNCTION", "EDGE_VERSION",
            ]
        )
        #expect(names.contains("HTTPS_PROXY"))
        #expect(variables.contains("TOKEN=secret"))
        #expect(variables.contains("EDGE_FUNCTION=test"))
        #expect(variables.contains("EDGE_VERSION=1.2.3"))
        // its own listener and one connection are the fourth and fifth
        #expect(descriptors == "0 1 2 3 4")
        #expect(limits == "\(2 << 30) 99")
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `the function reaches the host on its control socket`() async throws {
        let test = TestIsolates()

        let answer = try await test.call("/control?/v1/service").text

        #expect(answer.hasSuffix("the host says /v1/service"))
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor
    func `a call that passes its time gets 504, neighbours finish, and new calls go to a fresh process`()
        async throws
    {
        let test = TestIsolates(grace: .milliseconds(100))
        let old = try await test.call("/pid").text
        let neighbour = Task { @LoopActor in try await test.call(test.waiting).text }
        while test.isolates.status.calls < 1 { try await sleep(for: .milliseconds(1)) }

        let error = await self.error { try await test.call("/hang", timeout: .milliseconds(80)) }
        let new = try await test.call("/pid").text
        test.letGo()
        let neighbourText = try await neighbour.value

        #expect(error == .timedOut(function: "test", after: .milliseconds(80)))
        #expect(error?.status == 504)
        #expect(old != new)
        #expect(neighbourText == "waited")
        #expect(test.isolates.status.timeouts == 1)
        #expect(test.log.events.crashes == 0)
        #expect(await groupIsGone(Int32(old) ?? 0))
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a process that dies under calls gives them 502 and its last words are in the log`()
        async throws
    {
        let test = TestIsolates()
        _ = try await test.call("/hello")
        let neighbour = Task { @LoopActor in await self.error { try await test.call("/hang") } }
        await test.log.untilLine("stderr: hanging")

        let error = await self.error { try await test.call("/crash") }
        let neighbourError = await neighbour.value
        let next = try await test.call("/hello")

        #expect(error == .died(function: "test", exit: .signaled(SIGKILL)))
        #expect(error?.status == 502)
        #expect(neighbourError == error)
        #expect(next.text == "hello")
        #expect(test.log.lines.contains("stderr: about to crash"))
        #expect(test.isolates.status.crashes == 1)
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a call whose process is told to end before it has a connection goes to the next one`()
        async throws
    {
        let test = TestIsolates()
        _ = try await test.call("/hello")
        let lease = try await test.lease()
        lease.isolate.terminate(grace: .seconds(100)) {}
        let call = IsolateCall(lease, of: test.isolates, start: .now, timeout: .seconds(100))

        let answer = try await call.send(HTTPClientRequest(method: "POST", target: "/hello"))

        #expect(answer == nil, "it never had the call")
        lease.release()
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `five crashes under calls open the circuit`() async throws {
        let test = TestIsolates()

        // A call may still reach a process that dies of the call before, and then makes no crash of its own.
        for _ in 0..<20 where test.isolates.status.crashes < 5 {
            _ = await self.error { try await test.call("/crash") }
        }
        let error = await self.error { try await test.call("/hello") }

        guard case .circuitOpen = error else {
            Issue.record("\(String(describing: error)), \(test.log.events)")
            return
        }
        #expect(error?.status == 503)
        #expect(test.isolates.status.processes == [])
        await test.isolates.stop(within: .seconds(100))
    }

    @Test(
        "A connection that closes without an answer is 502, and only a GET was tried twice",
        arguments: [
            ("GET", 2), ("POST", 1),
        ]
    )
    @LoopActor func closesConnection(method: String, tries: Int) async throws {
        let test = TestIsolates()

        let error = await self.error { try await test.call("/close", method: method) }

        #expect(error == .badAnswer(function: "test", reason: "the connection was closed before an answer came"))
        await test.isolates.stop(within: .seconds(100))
        #expect(test.log.lines.count { $0 == "stderr: closing" } == tries)
    }

    @Test @LoopActor func `what is not HTTP is 502`() async throws {
        let test = TestIsolates()

        let error = await self.error { try await test.call("/garbage") }

        guard case .badAnswer = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.status == 502)
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `an answer that breaks off is an error to whoever reads it`() async throws {
        let test = TestIsolates()

        await #expect(throws: HTTPBodyError.truncated) { _ = try await test.call("/cut") }

        #expect(test.isolates.status.calls == 0)
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a streamed answer holds its place until its last byte`() async throws {
        let test = TestIsolates { $0.concurrency = 1 }
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        let request = HTTPRequest(method: "POST", target: "/echo", body: HTTPBodyReader(body))
        let response = try await test.isolates.call(request, timeout: .seconds(100))
        let during = test.isolates.status.calls

        let answer = try await response.collected()

        #expect(during == 1)
        #expect(answer == body)
        #expect(test.isolates.status.calls == 0)
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a streamed answer that passes the call's time is broken off and its process replaced`()
        async throws
    {
        let test = TestIsolates()
        _ = try await test.call("/hello")

        let error = await self.error { try await test.call("/stream?2x100000", timeout: .milliseconds(200)) }

        #expect(error == .timedOut(function: "test", after: .milliseconds(200)))
        #expect(test.isolates.status.timeouts == 1)
        #expect(test.pid == nil)
        await test.isolates.stop(within: .seconds(100))
    }

    @Test(arguments: [true, false]) @LoopActor
    func `a reader that is slow is cut off, and the process is not blamed`(readsAhead: Bool) async throws {
        let test = TestIsolates()
        _ = try await test.call("/hello")
        let response = try await test.isolates.call(request("/stream?1000x20"), timeout: .seconds(2))
        let id = test.pid
        response.reader.readsAhead = readsAhead
        if !readsAhead { _ = try await response.reader.next() }  // what follows stays in the socket

        try await sleep(for: .milliseconds(2050))

        let error = await self.error { _ = try await response.collected() }
        #expect(error == .timedOut(function: "test", after: .seconds(2)))
        #expect(test.isolates.status.timeouts == 0)
        #expect(test.pid == id)
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `dropping an answer's body gives the place back`() async throws {
        let test = TestIsolates { $0.concurrency = 1 }
        var response: HTTPResponse? = try await test.isolates.call(request("/stream?1000x20"), timeout: .seconds(100))
        #expect(response?.status == 200)

        response = nil
        let next = try await test.call("/hello")

        #expect(next.text == "hello")
        #expect(test.isolates.status.starts == 1)
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a caller who leaves gives its place back at once`() async throws {
        let test = TestIsolates { $0.concurrency = 1 }
        _ = try await test.call("/hello")
        let call = Task { @LoopActor in await self.error { try await test.call("/hang") } }
        while test.isolates.status.calls < 1 { try await sleep(for: .milliseconds(1)) }

        call.cancel()

        #expect(await call.value == .cancelled)
        #expect(try await test.call("/hello").text == "hello")
        #expect(test.isolates.status.starts == 1)
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `lines carry the id of the request that was alone in the process`() async throws {
        let test = TestIsolates()

        _ = try await test.call("/say?alone", headers: ["Edge-Request-Id": "r-1"])
        await test.log.untilLine("stderr: alone")

        #expect(test.log.lines == ["stdout: listening", "stderr: alone"])
        #expect(test.log.requests.last == "r-1")
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a flood of output fills neither log nor memory, and what was dropped is counted`()
        async throws
    {
        let test = TestIsolates()
        let lines = 50_000

        _ = try await test.call("/flood?\(lines)")
        await test.isolates.stop(within: .seconds(100))

        let logged = test.log.lines.count { $0.hasPrefix("stdout: xxx") }
        #expect(logged < 3000)
        #expect(logged + test.isolates.status.linesDropped == lines)
    }

    @Test @LoopActor func `a process that grows beyond its memory is replaced, and one that grows fast is stopped`()
        async throws
    {
        let test = TestIsolates { $0.memoryBytes = 64 << 20 }
        let first = try await test.call("/pid").text

        let fast = try await test.call("/leak?2000").text
        let slow = try await test.call("/leak?100").text
        await test.log.untilStopped(.memory)
        let second = try await test.call("/pid").text

        #expect(fast == "refused")
        #expect(slow == "leaked")
        #expect(first != second)
        await test.isolates.stop(within: .seconds(100))
    }

    @Test @LoopActor func `a server in another language takes part`() async throws {
        let test = TestIsolates {
            $0.program = "/usr/bin/env"
            $0.arguments = ["python3", "server.py"]
        }
        test.folder.write(pythonServer, to: "server.py")

        let answers = try await [test.call("/a").text, test.call("/b").text]

        #expect(answers == ["python /a", "python /b"])
        await test.isolates.stop(within: .seconds(100))
    }

    private func request(_ target: String) -> HTTPRequest {
        HTTPRequest(method: "GET", target: target, body: HTTPBodyReader())
    }

    @LoopActor private func error(_ body: @LoopActor () async throws -> Void) async -> IsolateError? {
        do {
            try await body()
            return nil
        } catch let error as IsolateError {
            return error
        } catch {
            Issue.record("no error of an isolate: \(error)")
            return nil
        }
    }

    @LoopActor private func error(
        _ body: @LoopActor () async throws -> (status: Int, text: String)
    ) async -> IsolateError? {
        await error { _ = try await body() }
    }
}

private let pythonServer = """
    import http.server, os, socketserver
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"python " + self.path.encode())
        def address_string(self): return "host"
        def log_message(self, *rest): pass
    socketserver.UnixStreamServer(os.environ["EDGE_SOCKET"], Handler).serve_forever()
    """
