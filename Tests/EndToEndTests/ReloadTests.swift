// A changed functions.json, while requests go on.
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

struct ReloadTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `a changed manifest is served without a dropped request`() async throws {
        try await withEdge { host in
            #expect(try await host.generate(["prompt": "a fox", "width": 64, "height": 64]).status == 200)
            expectProblem(try await host.get("/paint?prompt=a+fox&width=64&height=64"), 404)
            let traffic = Traffic(host.port)
            let running = Task { @LoopActor in await traffic.run() }
            for round in 0..<4 {
                let routes: JSONValue = round.isMultiple(of: 2) ? ["/generate", "/paint"] : ["/generate"]
                let changed = TestManifest.bundled([("functions.generate.routes", routes)])
                replaceFile(host.manifestPath, with: changed.text(pretty: true))
                let wanted = round.isMultiple(of: 2) ? 200 : 404
                try await eventually(
                    "the new manifest",
                    asking: {
                        try await host.get("/paint?prompt=a+fox&width=64&height=64").status == wanted
                    }
                )
            }
            try await eventually("some traffic") { traffic.answers > 10 || !traffic.failures.isEmpty }
            traffic.isStopped = true
            await running.value

            #expect(traffic.failures == [])
        }
    }

    @Test @LoopActor func `a bad manifest is kept out with file, line, key and nearest key, and the old one goes on`()
        async throws
    {
        try await withEdge { host in
            let text = try #require(fileText(host.manifestPath)).replacing("\"attempts\"", with: "\"atempts\"")
            let line =
                text.split(separator: "\n", omittingEmptySubsequences: false).firstIndex { $0.contains("atempts") }
                ?? -1
            replaceFile(host.manifestPath, with: text)
            try await eventually("a line about it") { host.said.contains("atempts") }
            let answer = try await host.generate(["prompt": "a fox", "width": 64, "height": 64])
            let said = host.said

            #expect(said.contains("functions.json:\(line + 1)"))
            #expect(said.contains("attempts"))
            #expect(answer.status == 200)

            replaceFile(
                host.manifestPath,
                with: TestManifest.bundled([("functions.generate.routes", ["/paint"])]).text(pretty: true)
            )
            try await eventually(
                "the mended manifest",
                asking: { try await host.get("/paint?prompt=x&width=64&height=64").status == 200 }
            )
        }
    }

    @Test @LoopActor func `SIGHUP away from a terminal reloads and does not end the host`() async throws {
        try await withEdge { host in
            let id = host.id
            let start = host.output.lines.count + host.errors.lines.count
            host.signal(SIGHUP)
            try await eventually("a line about it") {
                host.output.lines.count + host.errors.lines.count > start
            }

            #expect(try await host.get("/healthz").status == 200)
            #expect(host.id == id)
        }
    }

    @Test @LoopActor func `what was recalled is forgotten when the manifest changes`() async throws {
        let query = "?prompt=a+fox&width=64&height=64"
        let page: Headers = [("Origin", "https://other.example")]
        try await withEdge { host in
            for _ in 0..<3 { _ = try await host.get("/generate\(query)", page) }
            let closed = TestManifest.bundled([
                ("host.origins", ["https://app.example"]), ("functions.generate.routes", ["/paint"]),
            ])
            replaceFile(host.manifestPath, with: closed.text())
            try await eventually(
                "the new manifest",
                asking: { try await host.get("/paint\(query)").status == 200 }
            )
            let refused = try await host.get("/paint\(query)", page)
            let gone = try await host.get("/generate\(query)")

            expectProblem(refused, 403)
            expectProblem(gone, 404)
        }
    }

    @Test @LoopActor func `a job that runs when its settings change is not lost`() async throws {
        let gate = Gate()
        let upstream = try HuggingFaceScript([.held(gate)])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let id = try await host.accepted("a fox")
            try await upstream.called(1)
            let changed = TestManifest.bundled([
                ("functions.generate.routes", ["/paint"]), ("functions.generate.memory", "300MB"),
            ])
            replaceFile(host.manifestPath, with: changed.text())
            try await eventually("the new manifest", asking: { try await host.get("/paint").status == 400 })
            gate.open()

            #expect(try await host.finished(id)["state"] == "succeeded")
        }
    }
}

/// A client that never stops asking.
@LoopActor
private final class Traffic {
    private let port: UInt16
    var isStopped = false
    var answers = 0
    var failures: [String] = []

    init(_ port: UInt16) { self.port = port }

    func run() async {
        do {
            let probe = try await HTTPProbe(port: port)
            let targets = ["/status", "/generate?prompt=a+fox&width=64&height=64"]
            while !isStopped {
                let target = targets[answers % 2]
                probe.request("GET", target)
                let answer = try await probe.answer()
                answers += 1
                if answer.status != 200 { failures.append("\(target): \(answer.status) \(answer.text)") }
            }
            probe.leave()
        } catch {
            failures.append("\(error)")
        }
    }
}
