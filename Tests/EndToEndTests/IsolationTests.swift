// What a function's process gets, and that it never outlives its host.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct IsolationTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `a function has the variables of its entry and no others`() async throws {
        let upstream = try HuggingFaceScript()
        let options = EdgeOptions(
            environment: upstream.environment + [
                ("UNRELATED_SECRET", "unrelatedValue"), ("LANG", "C.UTF-8"), ("HOME", "/nonexistent"),
            ]
        )
        try await withEdge(options) { host in
            _ = try await host.generate("a fox")
            _ = try await host.get("/status")
            let base: Set<String> = [
                "PATH", "HOME", "LANG", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY",
                "NO_PROXY",
                "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy", "EDGE_SOCKET", "EDGE_CONTROL",
                "EDGE_FUNCTION",
                "EDGE_VERSION",
            ]
            for isolate in host.isolates {
                let program = try #require(ProcessTree.name(of: isolate))
                let names = Set(ProcessTree.environment(of: isolate).map { String($0.prefix { $0 != "=" }) })
                let own: Set<String> =
                    program == "generate"
                    ? ["HUGGINGFACE_API_KEY", "HUGGINGFACE_BASE_URL", "HUGGINGFACE_HUB_URL", "EDGE_SETTINGS"] : []

                #expect(names.subtracting(base) == own, "\(program)")
                #expect(names.contains("EDGE_FUNCTION"))
            }
            #expect(Set(host.isolates.compactMap { ProcessTree.name(of: $0) }) == ["generate", "status"])
        }
    }

    @Test @LoopActor func `a function shares no descriptor with its host but its output pipes`() async throws {
        try await withEdge { host in
            _ = try await host.generate(["prompt": "a fox", "width": 64, "height": 64])
            _ = try await host.get("/status")
            let open = try await host.connect()
            func targets(_ id: Int32) -> Set<String> {
                Set(
                    ProcessTree.descriptors(of: id).compactMap {
                        $0.split(separator: " ", maxSplits: 1).last.map(String.init)
                    }
                )
            }
            let ours = targets(host.id).filter { $0.hasPrefix("socket:") || $0.hasPrefix("/") && $0 != "/dev/null" }
            for isolate in host.isolates {
                #expect(
                    targets(isolate).intersection(ours).filter { !$0.hasPrefix("/dev/") } == [],
                    "\(ProcessTree.descriptors(of: isolate))"
                )
                #expect(
                    !ProcessTree.descriptors(of: isolate).contains {
                        $0.contains(host.folder.path) && $0.contains("lock")
                    }
                )
            }
            #expect(host.isolates.count == 2)
            open.leave()
        }
    }

    @Test @LoopActor func `no function outlives a host that is killed, and the next host starts at once`() async throws
    {
        let gate = Gate()
        let upstream = try HuggingFaceScript([.held(gate)])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            _ = try await host.accepted("a fox")
            _ = try await host.get("/status")
            try await upstream.called(1)
            let everyone = ProcessTree.descendants(of: host.id)
            try await host.kill()

            #expect(everyone.count >= 2)
            try await ProcessTree.ended(everyone)
            try await host.start()
            #expect(try await host.get("/healthz").status == 200)
        }
    }

    @Test @LoopActor func `a function that is killed under a call is started again, and the job goes on`() async throws
    {
        let gate = Gate()
        let upstream = try HuggingFaceScript([.held(gate)])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let id = try await host.accepted("a fox")
            try await upstream.called(1)
            for isolate in host.isolates where ProcessTree.name(of: isolate) == "generate" { ProcessTree.kill(isolate) }
            let done = try await host.finished(id)

            #expect(done["state"] == "succeeded")
            #expect(done["attempts"]?.array?.first?["outcome"] == "failed")
            #expect(upstream.calls == 2)
        }
    }

    @Test @LoopActor func `functions are started by the first request that needs them`() async throws {
        try await withEdge { host in
            #expect(host.isolates == [])
            _ = try await host.generate(["prompt": "a fox", "width": 64, "height": 64])
            #expect(host.isolates.count == 1)
        }
    }

    @Test @LoopActor func `an idle function stops, and the next request starts it again`() async throws {
        let test: JSONValue = ["run": ["TestFunction"], "routes": ["/tested/*"], "idle": "1s"]
        let manifest = TestManifest.bundled([("functions.test", test), ("functions.status.warm", true)])
        try await withEdge(EdgeOptions(manifest: manifest)) { host in
            try await eventually("the warm function") {
                host.isolates.compactMap { ProcessTree.name(of: $0) } == ["status"]
            }
            let first = try #require(Int32(try await host.get("/tested/pid").text))
            try await ProcessTree.ended([first])
            let second = try #require(Int32(try await host.get("/tested/pid").text))
            #expect(second != first)
            #expect(!host.said.contains("circuit"), "stopping is no crash")
        }
    }

    @Test @LoopActor func `a program that is replaced on disk is started anew`() async throws {
        let manifest = TestManifest.bundled([("functions.test", ["run": ["./tested"], "routes": ["/tested/*"]])])
        let host = EdgeHost(EdgeOptions(manifest: manifest))
        copyProgram("\(BuiltPrograms.folder)/TestFunction", to: "\(host.folder.path)/tested")
        try await withEdge(host) { host in
            let before = try await host.get("/tested/pid").text
            let again = try await host.get("/tested/pid").text
            copyProgram("\(BuiltPrograms.folder)/TestFunction", to: "\(host.folder.path)/tested")
            try await eventually(
                "another process",
                asking: {
                    let now = try await host.get("/tested/pid")
                    #expect(now.status == 200)
                    return now.text != before
                }
            )

            #expect(again == before)
        }
    }
}
