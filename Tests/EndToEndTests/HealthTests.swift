// What platforms and operators ask the host itself.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct HealthTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `healthz and readyz are 200 on a host that serves, and HEAD works`() async throws {
        try await withEdge { host in
            for path in ["/healthz", "/readyz"] {
                #expect(try await host.get(path).status == 200)
                let head = try await host.ask("HEAD", path)
                #expect(head.status == 200)
                #expect(head.body.isEmpty)
            }
        }
    }

    @Test @LoopActor func `metrics are Prometheus text, on loopback only`() async throws {
        try await withEdge { host in
            _ = try await host.generate(["prompt": "a fox", "width": 64, "height": 64])
            let answer = try await host.get("/metrics")

            #expect(answer.status == 200)
            #expect(answer["Content-Type"]?.hasPrefix("text/plain") == true)
            #expect(answer.text.contains("# TYPE "))
            for line in answer.text.split(separator: "\n") where !line.hasPrefix("#") {
                #expect(line.split(separator: " ").last.flatMap { Double($0) } != nil, "\(line)")
            }
            for mark in [
                ("X-Forwarded-For", "203.0.113.9"), ("x-forwarded-host", "images.example"),
                ("X-Forwarded-Proto", "https"), ("Forwarded", "for=203.0.113.9"), ("X-Real-IP", "203.0.113.9"),
                ("Via", "1.1 proxy"), ("X-Forwarded-For", ""), ("X-Forwarded-For", "127.0.0.1"),
            ] {
                let throughProxy = try await host.get("/metrics", [mark])
                expectProblem(throughProxy, 403, naming: ["EDGE_METRICS"], "\(mark)")
                #expect(!throughProxy.text.contains("edge_jobs"))
            }
        }
    }

    @Test @LoopActor func `each request is one log line, with its id and without prompt or query`() async throws {
        try await withEdge(EdgeOptions(arguments: ["--log", "json"])) { host in
            let posted = try await host.generate(["prompt": "wordFromThePrompt", "width": 64, "height": 64])
            let asked = try await host.get("/generate?prompt=wordFromTheQuery&width=64&height=64")
            for answer in [posted, asked] {
                let id = try #require(answer["X-Request-Id"])
                let line = try JSONValue.parse(try await host.output.line(containing: id))
                #expect(host.said.split(separator: "\n").count { $0.contains(id) } == 1)
                #expect(line["status"] == 200)
                #expect(line["method"]?.string != nil)
            }

            #expect(!host.said.contains("wordFromThePrompt"))
            #expect(!host.said.contains("wordFromTheQuery"))
        }
    }

    @Test @LoopActor func `every answer has a request id of its own`() async throws {
        try await withEdge { host in
            var ids: Set<String> = []
            for _ in 0..<5 { ids.insert(try await host.get("/healthz")["X-Request-Id"] ?? "") }

            #expect(ids.count == 5)
            #expect(!ids.contains(""))
        }
    }

    @Test @LoopActor func `metrics are for all when the operator says so`() async throws {
        try await withEdge(EdgeOptions(environment: [("EDGE_METRICS", "public")])) { host in
            #expect(try await host.get("/metrics", [("X-Forwarded-For", "203.0.113.9")]).status == 200)
            let text = try await host.get("/metrics").text
            #expect(text.contains("edge_"))
        }
    }

    @Test @LoopActor func `the log is text when that is asked for`() async throws {
        try await withEdge(EdgeOptions(arguments: ["--log", "text"])) { host in
            let answer = try await host.get("/healthz")
            let id = try #require(answer["X-Request-Id"])
            let line = try await host.output.line(containing: id)

            #expect(!line.hasPrefix("{"))
            #expect(line.contains("/healthz") && line.contains("200"))
        }
    }
}
