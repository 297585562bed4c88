// Functions that take their time to listen, and a host that is stopped before it is ready.
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

struct SlowStartTests {
    init() { TestLoop.start() }

    private static let fox: JSONValue = ["prompt": "a fox", "width": 64, "height": 64]

    /// `generate` behind a pause.
    private static func manifest(pause: String, startTimeout: String) -> JSONValue {
        TestManifest.bundled([
            (
                "functions.generate.run",
                ["sh", "-c", .string("sleep \(pause); exec \(BuiltPrograms.folder)/generate")]
            ),
            ("functions.generate.startTimeout", .string(startTimeout)),
            ("functions.generate.settings", .null),  // whose check would start it before the host is there
        ])
    }

    @Test @LoopActor func `a request waits until its function listens, beyond the time of an admission`() async throws {
        try await withEdge(EdgeOptions(manifest: Self.manifest(pause: "2.5", startTimeout: "30s"))) { host in
            let begin = ContinuousClock.now
            async let first = host.generate(Self.fox)
            async let second = host.generate(Self.fox)
            let answers = try await [first, second]
            try await eventually("the job's end on disk") { host.activeJobs.isEmpty }

            #expect(answers.map(\.status) == [200, 200], "\(answers[0].text)")
            #expect(ContinuousClock.now - begin >= .seconds(2.5))
            #expect(host.doneJobs.count == 1)
        }
    }

    @Test @LoopActor func `what a function tells of itself is waited for until it listens`() async throws {
        try await withEdge(EdgeOptions(manifest: Self.manifest(pause: "2.5", startTimeout: "30s"))) { host in
            let service = try await host.get("/status").json

            #expect(service["functions"]?["generate"]?["providers"] != nil, "\(service.text())")
        }
    }

    @Test @LoopActor func `a function that does not listen in its time is 503, tells when to try again, and is gone`()
        async throws
    {
        try await withEdge(EdgeOptions(manifest: Self.manifest(pause: "600", startTimeout: "500ms"))) { host in
            let answer = try await host.generate(Self.fox)

            expectProblem(answer, 503, naming: ["generate", "did not start"])
            #expect(answer["SB-Error-Code"] == "BOOT_ERROR")
            #expect((answer.number("Retry-After") ?? 0) > 0)
            try await eventually("a line about it") { host.said.contains("startTimeout") }
            #expect(!answer.text.contains(host.folder.path))
            #expect(host.doneJobs.isEmpty && host.activeJobs.isEmpty)
            try await eventually("the end of what did not start") { host.isolates.isEmpty }
        }
    }

    @Test @LoopActor func `a host that is stopped while a function starts leaves nothing running`() async throws {
        let manifest = TestManifest.bundled([
            ("functions.deaf", ["run": ["sh", "-c", "trap '' TERM; sleep 600 & wait; sleep 600"], "warm": true]),
            ("functions.deaf.startTimeout", "5m"), ("host.drain", "1s"),
        ])
        try await withEdge(EdgeOptions(manifest: manifest)) { host in
            let caller = try await host.connect()
            caller.request("GET", "/functions/v1/deaf")
            try await caller.sent()
            #expect(try await host.get("/healthz").status == 200, "by then the host has read what came before")
            try await eventually("the deaf function") { host.isolates.count >= 2 }
            let isolates = ProcessTree.descendants(of: host.id)
            host.signal(SIGTERM)
            let answer = try await caller.answer()
            let exit = try await host.ended()

            expectProblem(answer, 503)
            #expect(exit == .exited(0))
            try await ProcessTree.ended(isolates)
        }
    }

    @Test("A host that is stopped before it is ready ends at once with status 0", arguments: [SIGTERM, SIGINT])
    @LoopActor func stoppedAtStart(number: Int32) async throws {
        // A pipe as env file holds the start up for as long as nobody writes.
        let host = EdgeHost(EdgeOptions(arguments: ["--env-file", "late.env"]))
        let pipe = "\(host.folder.path)/late.env"
        #expect(mkfifo(pipe, 0o600) == 0)
        try host.launch()
        var writer: Int32 = -1
        try await eventually("the host to read its settings") {
            writer = open(pipe, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            return writer >= 0
        }
        defer { close(writer) }
        let all = ProcessTree.descendants(of: host.id)
        host.signal(number)
        let exit = try await host.ended()  // although the pipe never gets what it waits for

        #expect(exit == .exited(0))
        try await ProcessTree.ended(all)
    }
}
