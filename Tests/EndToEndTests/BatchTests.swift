// `edge run` against a running host.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct BatchTests {
    init() { TestLoop.start() }

    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47]

    @LoopActor
    private func run(_ host: EdgeHost, _ arguments: String...) async throws -> EdgeCommandResult {
        let all = ["run", "batch.jsonl", "--out", "out", "--state", host.state] + arguments
        return try await runProgram(BuiltPrograms.edge, all, in: host.folder)
    }

    @LoopActor
    private func results(_ host: EdgeHost) throws -> [JSONValue] {
        try host.folder.read("out/results.jsonl").split(separator: "\n").map { try JSONValue.parse(String($0)) }
    }

    private static func lines(_ count: Int) -> String {
        (1...count).map { #"{"prompt": "fox \#($0)", "width": 64, "height": 64}"# + "\n" }.joined()
    }

    @Test @LoopActor func `each line becomes an image and a result, and a second run makes nothing again`() async throws
    {
        try await withEdge { host in
            host.folder.write("\n" + Self.lines(5), to: "batch.jsonl")

            let first = try await run(host)
            let second = try await run(host)

            #expect(first.exit == .exited(0), "\(first.text)")
            #expect(first.output.contains("5/5 line"), "\(first.text)")
            #expect(first.output.hasSuffix("5 lines: 5 made, 0.00 $\n"), "\(first.text)")
            #expect(second.output == "5 lines: 0 made, 5 made before, 0.00 $\n")
            let names = (2...6).map { "00000\($0).png" }
            #expect(filesIn("\(host.folder.path)/out").sorted() == names + ["results.jsonl"])
            for name in names { #expect(fileBytes("\(host.folder.path)/out/\(name)")?.starts(with: Self.png) == true) }
            let told = try results(host)
            #expect(Set(told.compactMap { $0["line"]?.integer }) == [2, 3, 4, 5, 6])
            #expect(told.allSatisfy { $0["state"] == "succeeded" && $0["job"]?.string != nil && $0["cost"] == 0 })
            try await eventually("the ends on disk") { host.doneJobs.count == 5 }
        }
    }

    @Test @LoopActor func `a run that was killed goes on, and a finished job's image is not made twice`() async throws {
        try await withEdge { host in
            host.folder.write(Self.lines(3), to: "batch.jsonl")
            #expect(try await run(host).exit == .exited(0))
            let before = try results(host)
            removeFile("\(host.folder.path)/out/results.jsonl")
            removeFile("\(host.folder.path)/out/000002.png")

            let again = try await run(host)

            #expect(again.exit == .exited(0), "\(again.text)")
            let jobs: ([JSONValue]) -> Set<String> = { Set($0.compactMap { $0["job"]?.string }) }
            #expect(jobs(try results(host)) == jobs(before), "the same keys are the same jobs")
            #expect(fileExists("\(host.folder.path)/out/000002.png"))
        }
    }

    @Test @LoopActor func `a line that failed is told, ends the run with 1, and is tried again by the next one`()
        async throws
    {
        let options = EdgeOptions(
            manifest: TestManifest.bundled([("functions.generate.job.attempts", 1)]),
            environment: [("EDGE_SANDBOX_FAIL", "3")]
        )
        try await withEdge(options) { host in
            host.folder.write(Self.lines(3) + #"{"prompt": "x", "width": 63}"# + "\n", to: "batch.jsonl")

            let first = try await run(host, "--parallel", "1")
            let failed = try results(host).filter { $0["state"] == "failed" }
            let second = try await run(host)

            #expect(first.exit == .exited(1), "\(first.text)")
            #expect(first.output.contains("line 4 failed: width is 63"), "\(first.text)")
            #expect(first.output.contains("2 made, 2 failed"), "\(first.text)")
            #expect(Set(failed.compactMap { $0["line"]?.integer }) == [3, 4])
            #expect(failed.contains { $0["code"] == "invalid_field" && $0["status"] == 400 })
            #expect(second.exit == .exited(1))
            #expect(second.output.contains("1 made, 2 made before, 1 failed"), "\(second.text)")
        }
    }

    @Test @LoopActor func `a host that restarts under a batch is waited for`() async throws {
        let host = EdgeHost(EdgeOptions(environment: [("EDGE_SANDBOX_TIME", "1")]))
        host.options.port = "0"
        try await withEdge(host) { host in
            host.options.port = "\(host.port)"
            host.folder.write(Self.lines(4), to: "batch.jsonl")

            let running = Task { @LoopActor in try await run(host, "--parallel", "2") }
            try await eventually("a job") { !host.activeJobs.isEmpty }
            try await host.kill()
            try await host.start()
            let result = try await running.value

            #expect(result.exit == .exited(0), "\(result.text)")
            try await eventually("the ends on disk") { host.doneJobs.count == 4 }
        }
    }

    @Test @LoopActor func `what cannot be run is refused before anything is submitted`() async throws {
        try await withEdge { host in
            host.folder.write(Self.lines(2) + "{\"prompt\": \n", to: "batch.jsonl")
            let broken = try await run(host)
            host.folder.write(Self.lines(1), to: "batch.jsonl")
            let function = try await run(host, "--function", "nothing")
            let parallel = try await run(host, "--parallel", "65")
            let url = try await run(host, "--url", "http://127.0.0.1:\(host.port)")

            #expect(broken.exit == .exited(2))
            #expect(broken.errors.contains("line 3 is no JSON"), "\(broken.text)")
            #expect(function.exit == .exited(1))
            #expect(function.errors.contains("nothing"), "\(function.text)")
            #expect(parallel.exit == .exited(2))
            #expect(url.exit == .exited(0), "\(url.text)")
        }
    }

    @Test @LoopActor func `without a host it says how to start one`() async throws {
        let folder = TemporaryFolder()
        folder.write(Self.lines(1), to: "batch.jsonl")

        let result = try await runProgram(BuiltPrograms.edge, ["run", "batch.jsonl", "--out", "out"], in: folder)

        #expect(result.exit == .exited(1))
        #expect(result.errors.contains("edge serve"), "\(result.text)")
        #expect(!fileExists("\(folder.path)/out"))
    }
}
