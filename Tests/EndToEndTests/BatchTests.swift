// `edge run`, with a host that runs and without one.
import EdgeLoop
import Glibc
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
        let gate = Gate()
        let upstream = try HuggingFaceScript(then: .held(gate))
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            host.folder.write(Self.lines(4), to: "batch.jsonl")

            let running = Task { @LoopActor in try await run(host, "--parallel", "2") }
            try await upstream.called(1)
            try await host.kill()
            gate.open()
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

    // MARK: Without a host

    /// A folder with a batch and the bundled functions, where no host runs.
    /// - Parameter drain: what ends with the batch is to be on disk when its host has ended.
    @LoopActor
    private func prepared(_ lines: Int, drain: JSONValue = "100s") -> TemporaryFolder {
        let folder = TemporaryFolder()
        let manifest = TestManifest.bundled([("host.drain", drain)])
        folder.write(manifest.text(pretty: true), to: "functions.json")
        folder.write(EdgeOptions().settings.text(pretty: true), to: "generate.json")
        folder.write(Self.lines(lines), to: "batch.jsonl")
        return folder
    }

    @Test @LoopActor func `without a host it starts one, says so, and stops it at the end`() async throws {
        try await withHostSlot {
            let folder = prepared(3)
            folder.write("EDGE_SANDBOX_FAIL=1\n", to: "fail.env")
            let arguments = ["run", "batch.jsonl", "--out", "out", "--functions", "functions.json", "--state", "state"]

            let made = try await runProgram(BuiltPrograms.edge, arguments, in: folder)
            let again = try await runProgram(BuiltPrograms.edge, arguments, in: folder)
            folder.write(#"{"prompt": "new", "width": 64, "height": 64}"# + "\n", to: "batch.jsonl")
            let failed = try await runProgram(
                BuiltPrograms.edge,
                arguments + ["--env-file", "fail.env"],
                in: folder
            )

            #expect(made.exit == .exited(0), "\(made.text)")
            #expect(made.output.hasSuffix("3 lines: 3 made, 0.00 $\n"), "\(made.text)")
            #expect(made.errors.contains("no host runs on state: starting one"), "\(made.text)")
            #expect(made.errors.contains("operator's key"), "it is shown once, so it must be shown")
            #expect(filesIn("\(folder.path)/state/jobs/active") == [])
            #expect(again.output == "3 lines: 0 made, 3 made before, 0.00 $\n", "\(again.text)")
            #expect(failed.exit == .exited(1), "\(failed.text)")
            let free = try await StateDirectoryLock.isFree("\(folder.path)/state")
            #expect(free, "its host has ended")
        }
    }

    @Test @LoopActor func `killed in the middle it takes its host along, and goes on where it stopped`() async throws {
        try await withHostSlot {
            let folder = prepared(4)
            let gate = Gate()
            let upstream = try HuggingFaceScript([.image], then: .held(gate))
            let start = BatchProcess.options(folder, ["--parallel", "2"], environment: upstream.environment)
            let first = try BatchProcess(start)
            try await upstream.called(3)
            try await eventually("a first result", asking: { folder.read("out/results.jsonl").contains("succeeded") })
            let below = ProcessTree.descendants(of: first.child.id)
            #expect(below.count >= 2, "a host and a function")
            first.child.signal(SIGKILL)
            _ = await first.child.wait()
            try await eventually("all of them to be gone") { !below.contains(where: ProcessTree.isRunning) }
            gate.open()

            let second = try BatchProcess(start)
            let exit = try await second.ended()

            #expect(exit == .exited(0), "\(second.text)")
            #expect(second.text.contains("4 lines: 3 made, 1 made before"), "\(second.text)")
            let results = try folder.read("out/results.jsonl").split(separator: "\n").map {
                try JSONValue.parse(String($0))
            }
            #expect(Set(results.compactMap { $0["line"]?.integer }) == Set(1...4))
            #expect((1...4).allSatisfy { fileExists("\(folder.path)/out/00000\($0).png") })
            // The two that were under way were found again, not made as new jobs.
            #expect(
                filesIn("\(folder.path)/state/jobs/done").flatMap { filesIn("\(folder.path)/state/jobs/done/\($0)") }
                    .count
                    == 4
            )
        }
    }

    @Test @LoopActor func `on Ctrl-C it stops its host cleanly and ends with 130`() async throws {
        try await withHostSlot {
            let folder = prepared(3, drain: "1s")
            let gate = Gate()
            let upstream = try HuggingFaceScript([.image], then: .held(gate))
            let start = BatchProcess.options(folder, ["--parallel", "1"], environment: upstream.environment)
            let batch = try BatchProcess(start)
            try await upstream.called(2)
            let below = ProcessTree.descendants(of: batch.child.id)
            batch.child.signal(SIGINT)
            let exit = try await batch.ended()

            #expect(exit == .exited(130), "\(batch.text)")
            #expect(batch.text.contains("The same command goes on from here."), "\(batch.text)")
            try await eventually("all of them to be gone") { !below.contains(where: ProcessTree.isRunning) }
            #expect(try await StateDirectoryLock.isFree("\(folder.path)/state"))
            gate.open()
            let next = try BatchProcess(start)
            #expect(try await next.ended() == .exited(0), "\(next.text)")
            #expect(next.text.contains("3 lines: 2 made, 1 made before"), "\(next.text)")
        }
    }

    @Test @LoopActor func `a host that cannot start is told with its reason, and nothing is made`() async throws {
        try await withHostSlot {
            let folder = prepared(1)
            folder.write(#"{"functions": {"generate": {}}}"#, to: "functions.json")

            let result = try await runProgram(
                BuiltPrograms.edge,
                ["run", "batch.jsonl", "--out", "out", "--functions", "functions.json"],
                in: folder
            )

            #expect(result.exit == .exited(1))
            #expect(result.errors.contains("functions.generate"), "\(result.text)")
            #expect(!fileExists("\(folder.path)/out"))
        }
    }

    // MARK: Keys

    @Test @LoopActor func `a key is sent out of a file or the environment, and never shown`() async throws {
        let options = EdgeOptions(manifest: TestManifest.bundled([("functions.generate.auth", "required")]))
        try await withEdge(options) { host in
            host.folder.write(Self.lines(2), to: "batch.jsonl")
            let made = try await runEdge(
                ["keys", "create", "--name", "app", "--tier", "pro", "--state", host.state],
                in: host.folder
            )
            let key = made.output.split(separator: "\n").first.map(String.init) ?? ""
            host.folder.write(key + "\n", to: "key.txt")
            host.folder.write("two words\n", to: "bad.txt")
            try await eventually(
                "the key",
                asking: { try await host.get("/status", [("x-api-key", key)]).status == 200 }
            )

            let without = try await run(host, "--url", "http://127.0.0.1:\(host.port)")
            let withFile = try await run(host, "--key-file", "key.txt")
            let all = ["run", "batch.jsonl", "--out", "second", "--state", host.state]
            let withVariable = try await runProgram(
                BuiltPrograms.edge,
                all,
                in: host.folder,
                environment: [("EDGE_API_KEY", key)]
            )
            let bad = try await run(host, "--key-file", "bad.txt")
            let none = try await run(host, "--key-file", "nothing.txt")

            #expect(without.exit == .exited(1))
            #expect(without.errors.contains("known callers only"), "\(without.text)")
            #expect(withFile.exit == .exited(0), "\(withFile.text)")
            #expect(withVariable.exit == .exited(0), "\(withVariable.text)")
            #expect(bad.exit == .exited(2) && bad.errors.contains("holds no key") && !bad.errors.contains("words"))
            #expect(none.exit == .exited(2) && none.errors.contains("nothing.txt"))
            for result in [without, withFile, withVariable] { #expect(!result.text.contains(key)) }
            #expect(!host.folder.read("out/results.jsonl").contains(key))
            try await eventually("the ends on disk") { !host.doneJobs.isEmpty }
            #expect(host.doneJobs.values.allSatisfy { $0["caller"]?["id"]?.string?.hasPrefix("key:") == true })
        }
    }
}

/// Whether a state folder has no host: its lock can be taken.
private enum StateDirectoryLock {
    @LoopActor
    static func isFree(_ state: String) async throws -> Bool {
        let file = open("\(state)/run/lock", O_RDWR | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return flock(file, LOCK_EX | LOCK_NB) == 0
    }
}

/// `edge run` while it runs.
@LoopActor
private final class BatchProcess {
    let child: ChildProcess
    private let output: OutputLines
    private let errors: OutputLines

    static func options(
        _ folder: TemporaryFolder,
        _ arguments: [String],
        environment: [(name: String, value: String)]
    ) -> ChildOptions {
        var options = ChildOptions(program: BuiltPrograms.edge)
        options.arguments = ["run", "batch.jsonl", "--out", "out", "--functions", "functions.json", "--state", "state"]
        options.arguments += arguments
        options.environment = [("PATH", "/usr/bin:/bin"), ("HOME", folder.path)] + environment
        options.directory = folder.path
        options.openFilesMax = 4096
        return options
    }

    init(_ options: ChildOptions) throws {
        child = try ChildProcess(options)
        output = OutputLines(child.output)
        errors = OutputLines(child.error)
    }

    var text: String { output.text + errors.text }

    func ended() async throws -> ChildExit {
        try await output.end()
        try await errors.end()
        return await child.wait()
    }
}
