// `edge jobs` against a running host.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct JobsCommandTests {
    init() { TestLoop.start() }

    private static let failing = EdgeOptions(
        manifest: TestManifest.bundled([("functions.generate.job.attempts", 1)]),
        environment: [("EDGE_SANDBOX_FAIL", "2")]
    )

    @LoopActor
    private func jobs(_ host: EdgeHost, _ arguments: String...) async throws -> EdgeCommandResult {
        try await runProgram(BuiltPrograms.edge, ["jobs"] + arguments + ["--state-dir", host.state], in: host.folder)
    }

    @LoopActor
    private func ids(_ host: EdgeHost, _ filters: String...) async throws -> [String] {
        let arguments = ["jobs", "list", "--json", "--state-dir", host.state] + filters
        let result = try await runProgram(BuiltPrograms.edge, arguments, in: host.folder)
        #expect(result.exit == .exited(0), "\(result.text)")
        return (try JSONValue.parse(result.output)["jobs"]?.array ?? []).compactMap { $0["id"]?.string }
    }

    @Test @LoopActor func `jobs are listed newest first, filtered, and shown with their input and attempts`()
        async throws
    {
        try await withEdge(Self.failing) { host in
            let made = try await host.accepted("a fox")
            _ = try await host.finished(made)
            let failed = try await host.accepted("a hen")
            _ = try await host.finished(failed)
            try await host.settled()

            #expect(try await ids(host) == [failed, made])
            #expect(try await ids(host, "--state", "failed") == [failed])
            #expect(try await ids(host, "--since", "1h", "--limit", "1") == [failed])
            #expect(try await ids(host, "--before", "1h") == [])
            #expect(try await ids(host, "--function", "status") == [])
            let table = try await jobs(host, "list")
            #expect(table.output.hasPrefix("id "), "\(table.text)")
            #expect(table.output.contains("failed"))
            let shown = try JSONValue.parse(try await jobs(host, "show", failed).output)
            #expect(shown["input"]?["prompt"] == "a hen")
            let logs = try await jobs(host, "logs", failed).output
            #expect(logs.contains("attempt 1 by sandbox: failed"), "\(logs)")
            #expect(logs.contains("not kept by job"))
        }
    }

    @Test @LoopActor func `a failed job is run again as a new one, and one that succeeded is not`() async throws {
        try await withEdge(Self.failing) { host in
            let made = try await host.accepted("a fox")
            _ = try await host.finished(made)
            let failed = try await host.accepted("a hen")
            _ = try await host.finished(failed)
            try await host.settled()

            let retried = try await jobs(host, "retry", failed)
            let refused = try await jobs(host, "retry", made)
            let unknown = try await jobs(host, "retry", "nothing")

            #expect(retried.exit == .exited(0), "\(retried.text)")
            let new = try #require(retried.output.split(separator: " ").last.map { String($0.dropLast()) })
            #expect(try await host.finished(new)["state"] == "succeeded")
            #expect(refused.exit == .exited(1))
            #expect(refused.errors.contains("has succeeded"))
            #expect(unknown.errors.contains("there is no job"), "\(unknown.text)")
        }
    }

    @Test @LoopActor func `a job that waits is canceled by its operator`() async throws {
        try await withEdge(EdgeOptions(environment: [("EDGE_SANDBOX_LOAD", "600")])) { host in
            let id = try await host.accepted("a fox")

            #expect(try await ids(host) == [id])
            #expect(try await jobs(host, "cancel", id).exit == .exited(0))
            #expect(try await host.finished(id)["state"] == "canceled")
            #expect(try await jobs(host, "cancel", id).errors.contains("has ended already"))
        }
    }

    @Test @LoopActor func `dead jobs tell why they are dead, and what can be read runs again`() async throws {
        let host = EdgeHost(EdgeOptions(environment: [("EDGE_SANDBOX_LOAD", "600")]))
        try await withEdge(host) { host in
            let (mended, empty) = (try await host.accepted("a fox"), try await host.accepted("a hen"))
            try await host.kill()
            var document = host.activeJobs[mended]?.object ?? [:]
            document["deadline"] = nil
            replaceFile("\(host.state)/jobs/active/\(mended).json", with: JSONValue.object(document).text())
            replaceFile("\(host.state)/jobs/active/\(empty).json", with: "")
            host.options.environment = []
            try await host.start()

            let list = try await jobs(host, "list", "--state", "dead")
            let hopeless = try await jobs(host, "retry", empty)
            let retried = try await jobs(host, "retry", mended)

            #expect(list.output.contains("the file is empty"), "\(list.text)")
            #expect(list.output.contains("\"deadline\" is missing"), "\(list.text)")
            #expect(hopeless.errors.contains("cannot be run again: the file is empty"), "\(hopeless.text)")
            #expect(retried.exit == .exited(0), "\(retried.text)")
            let new = try #require(retried.output.split(separator: " ").last.map { String($0.dropLast()) })
            #expect(try await host.finished(new)["state"] == "succeeded")
            #expect(try await ids(host, "--state", "dead") == [empty])
            #expect(try await jobs(host, "purge", "--state", "dead").output == "removed 1 jobs\n")
            #expect(filesIn("\(host.state)/jobs/dead").isEmpty)
        }
    }

    @Test @LoopActor func `purge removes ended jobs and leaves images to the cache`() async throws {
        try await withEdge { host in
            let id = try await host.accepted("a fox")
            let image = try await host.finished(id)["images"]?.array?.first?["sha256"]?.string ?? "-"
            try await host.settled()  // what ends just now is not removed

            let vague = try await jobs(host, "purge")
            let early = try await jobs(host, "purge", "--before", "1h")
            let all = try await jobs(host, "purge", "--state", "succeeded")

            #expect(vague.exit == .exited(1))
            #expect(early.output == "removed 0 jobs\n", "\(early.text)")
            #expect(all.output == "removed 1 jobs\n", "\(all.text)")
            #expect(host.doneJobs.isEmpty)
            #expect(try await host.get("/images/\(image).png").status == 200)
            #expect(try await host.get("/functions/v1/status/\(id)").status == 404)
        }
    }

    @Test @LoopActor func `what is no form of the command is refused with the forms`() async throws {
        let folder = TemporaryFolder()
        for arguments in [[], ["show"], ["list", "x"], ["purge", "--limit", "3"], ["eat"]] {
            let result = try await runProgram(BuiltPrograms.edge, ["jobs"] + arguments, in: folder)
            #expect(result.exit == .exited(2))
            #expect(result.errors.contains("edge jobs list"))
        }
        let alone = try await runProgram(BuiltPrograms.edge, ["jobs", "list"], in: folder)
        #expect(alone.exit == .exited(1))
        #expect(alone.errors.contains("edge serve"))
    }
}
