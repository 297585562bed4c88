// Functions that are no jobs: what they are asked, and what their mistakes become.
import EdgeLoop
import JSON
import TestSupport
import Testing

@LoopActor
private final class Answers {
    var all: [ProbeAnswer] = []
}

struct PlainFunctionTests {
    init() { TestLoop.start() }

    private func options(_ entry: JSONObject = [:], environment: Headers = []) -> EdgeOptions {
        var test: JSONObject = ["run": ["TestFunction"], "routes": ["/tested/*"]]
        for member in entry.members { test[member.key] = member.value }
        return EdgeOptions(
            manifest: TestManifest.bundled([("functions.test", .object(test))]),
            environment: environment
        )
    }

    @Test @LoopActor func `a request reaches the function as it is, less what is the host's`() async throws {
        try await withEdge(options()) { host in
            let echoed = try await host.ask("POST", "/functions/v1/test/echo", body: Array("some body".utf8))
            let routed = try await host.get("/tested/hello")
            let seen = try await host.get(
                "/functions/v1/test/head?x=%201",
                [
                    ("Edge-Caller", "forged"), ("Edge-Tier", "forged"), ("X-Own", "kept"), ("TE", "trailers"),
                    ("X-Forwarded-For", "203.0.113.7"), ("Keep-Alive", "timeout=5"),
                ]
            )
            let lines = seen.text.lowercased()

            #expect(echoed.text == "some body")
            #expect(routed.text == "hello")
            #expect(lines.hasPrefix("get /head?x=%201 http/1.1"))
            #expect(lines.contains("x-own: kept"))
            #expect(!lines.contains("forged"))
            #expect(!lines.contains("203.0.113.7"), "no proxy is trusted here")
            #expect(!lines.contains("keep-alive: timeout"))
            for name in [
                "edge-request-id: ", "x-forwarded-for: 127.0.0.1", "x-forwarded-proto: http",
                "x-forwarded-host: edge.test", "traceparent: 00-",
            ] {
                #expect(lines.contains(name), "\(name) in \(seen.text)")
            }
            #expect(lines.contains("edge-request-id: \(seen["X-Request-Id"] ?? "none")"))
        }
    }

    @Test @LoopActor func `a call that passes its time is 504, its neighbours go on`() async throws {
        try await withEdge(options(["timeout": "1s"])) { host in
            // Of one second a slow machine needs more to start a process.
            try await eventually("its process", asking: { try await host.get("/tested/hello").text == "hello" })
            let hung = try await host.get("/tested/hang")

            expectProblem(hung, 504, naming: ["test", "timeout"])
            #expect(hung["SB-Error-Code"] != nil)
            try await eventually("the next call", asking: { try await host.get("/tested/hello").text == "hello" })
        }
    }

    @Test @LoopActor func `a process that dies under a call is 502, and the next call gets another one`() async throws {
        try await withEdge(options()) { host in
            let before = try await host.get("/tested/pid")
            let crashed = try await host.get("/tested/crash")
            let after = try await host.get("/tested/pid")

            expectProblem(crashed, 502, naming: ["test"])
            #expect(after.status == 200)
            #expect(after.text != before.text)
        }
    }

    @Test @LoopActor func `what is no HTTP is 502`() async throws {
        try await withEdge(options()) { host in
            for path in ["/tested/garbage", "/tested/close"] { expectProblem(try await host.get(path), 502, path) }
            let next = try await host.get("/tested/hello")

            #expect(next.text == "hello")
        }
    }

    @Test @LoopActor func `five crashes open the circuit of that function alone, with its last words in the log`()
        async throws
    {
        try await withEdge(options()) { host in
            var last = try await host.get("/tested/crash")
            for _ in 0..<8 where last.status != 503 { last = try await host.get("/tested/crash") }
            let other = try await host.get("/status")

            expectProblem(last, 503, naming: ["test"])
            #expect((last.number("Retry-After") ?? 0) > 0)
            #expect(other.status == 200)
            try await eventually("its last words") { host.said.contains("about to crash") }
        }
    }

    @Test @LoopActor func `answers are streamed, and one that is cut is cut for the client, too`() async throws {
        try await withEdge(options()) { host in
            let whole = try await host.get("/tested/stream?20x5")
            let probe = try await host.connect()
            probe.request("GET", "/tested/cut")
            await #expect(throws: (any Error).self) { _ = try await probe.answer() }

            #expect(whole.text == String(repeating: "part\n", count: 20))
            #expect(probe.isClosed)
        }
    }

    @Test @LoopActor
    func `a process has its limits and its descriptors, and may ask the host nothing that it was not granted`()
        async throws
    {
        try await withEdge(options(["memory": "64MB", "openFiles": 99])) { host in
            let descriptors = try await host.get("/tested/descriptors").text.split(separator: " ").compactMap {
                Int($0)
            }
            let limits = try await host.get("/tested/limits")
            let before = try await host.get("/tested/pid").text
            let leak = try await host.get("/tested/leak?200")
            let control = try await host.get("/tested/control?/v1/service")
            let jobs = try await host.get("/tested/control?/v1/jobs/0198c2f0-0000-7000-8000-000000000000")

            #expect(descriptors.prefix(3) == [0, 1, 2])
            #expect(descriptors.count <= 5, "its listener and this connection: \(descriptors)")
            #expect(limits.text.hasSuffix(" 99"))
            #expect(leak.text == "refused" || leak.status == 502 || leak.text == "leaked")
            // Beyond its memory it is refused more, or replaced.
            try await eventually(
                "another process",
                asking: {
                    let now = try await host.get("/tested/pid").text
                    return leak.text == "refused" || now != before
                }
            )
            #expect(control.text.contains("403"), "\(control.text)")
            #expect(jobs.text.contains("403"), "\(jobs.text)")
        }
    }

    @Test @LoopActor func `what a function prints is a log line with its name, without the secrets it holds`()
        async throws
    {
        let options = options(["secrets": ["TEST_TOKEN"]], environment: [("TEST_TOKEN", "tokenThatIsHidden")])
        try await withEdge(options) { host in
            _ = try await host.get("/tested/say?spoken-tokenThatIsHidden-end")
            let line = try await host.output.line(containing: "spoken-")
            let inside = try await host.get("/tested/env")

            #expect(line.contains("test"))
            #expect(line.contains("-end"))
            #expect(inside.text.contains("TEST_TOKEN=tokenThatIsHidden"), "it really holds it")
            #expect(!host.said.contains("tokenThatIsHidden"))
        }
    }

    @Test @LoopActor func `a full queue is 503 with Retry-After`() async throws {
        try await withEdge(options(["concurrency": 1, "queue": 1, "timeout": "5m"])) { host in
            #expect(try await host.get("/tested/hello").status == 200)
            var probes: [HTTPProbe] = []
            let refused = Answers()
            for _ in 0..<6 {
                let probe = try await host.connect()
                probe.request("GET", "/tested/hang")
                probes.append(probe)
                Task { @LoopActor in if let answer = try? await probe.answer() { refused.all.append(answer) } }
            }
            try await eventually("all but the one that runs and the one that waits") { refused.all.count == 4 }
            for answer in refused.all {
                expectProblem(answer, 503, naming: ["queue"])
                #expect((answer.number("Retry-After") ?? 0) > 0)
            }
            for probe in probes { probe.leave() }

            try await eventually("a place", asking: { try await host.get("/tested/hello").status == 200 })
            #expect(refused.all.count == 4)
        }
    }

    @Test @LoopActor func `a client that leaves gives its place to the next`() async throws {
        try await withEdge(options(["concurrency": 1, "timeout": "5m"])) { host in
            let hung = try await host.connect()
            hung.request("GET", "/tested/hang")
            try await eventually("its process") { !host.isolates.isEmpty }
            let next = try await host.connect()
            next.request("GET", "/tested/hello")
            try await next.sent()
            hung.leave()

            #expect(try await next.answer().text == "hello")
            next.leave()
        }
    }
}
