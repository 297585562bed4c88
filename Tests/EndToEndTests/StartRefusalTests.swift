// A host that cannot start says so in a line and exits with 1.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct StartRefusalTests {
    init() { TestLoop.start() }

    /// One clear line: the error and nothing else.
    private func expectRefusal(
        _ result: EdgeCommandResult,
        naming parts: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let shown = Comment(rawValue: result.text)
        #expect(result.exit == .exited(1), shown, sourceLocation: sourceLocation)
        #expect(result.errors.split(separator: "\n").count == 1, shown, sourceLocation: sourceLocation)
        for part in parts {
            #expect(result.errors.contains(part), "\(part) in \(shown)", sourceLocation: sourceLocation)
        }
    }

    private func serve(
        _ folder: TemporaryFolder,
        _ arguments: [String],
        manifest: String? = nil
    ) async throws -> EdgeCommandResult {
        folder.write(manifest ?? TestManifest.bundled.text(pretty: true), to: "functions.json")
        folder.write(TestSettings.bundled.text(pretty: true), to: "generate.json")
        return try await runEdge(["serve"] + arguments, in: folder)
    }

    @Test @LoopActor func `a manifest with a mistake: file, line, key and the nearest key`() async throws {
        let text = TestManifest.bundled.text(pretty: true).replacing("\"deadline\"", with: "\"deadlin\"")
        let line =
            text.split(separator: "\n", omittingEmptySubsequences: false).firstIndex { $0.contains("deadlin") } ?? -1
        let folder = TemporaryFolder()
        let result = try await serve(folder, ["--port", "0"], manifest: text)

        expectRefusal(result, naming: ["functions.json:\(line + 1)", "deadlin", "deadline"])
    }

    @Test @LoopActor func `several mistakes are told together`() async throws {
        let text = TestManifest.bundled([
            ("functions.generate.job.attempts", 99), ("functions.status.listen", "pipe"), ("host.drain", 5),
        ]).text(pretty: true)
        let result = try await serve(TemporaryFolder(), ["--port", "0"], manifest: text)

        #expect(result.exit == .exited(1))
        for part in ["attempts", "listen", "drain"] { #expect(result.errors.contains(part), "\(result.text)") }
    }

    @Test @LoopActor func `a program that is not there is named`() async throws {
        let text = TestManifest.bundled([("functions.generate.run", ["no-such-program"])]).text(pretty: true)
        let result = try await serve(TemporaryFolder(), ["--port", "0"], manifest: text)

        expectRefusal(result, naming: ["no-such-program", "generate"])
    }

    @Test @LoopActor func `a port in use`() async throws {
        try await withEdge { host in
            let result = try await serve(TemporaryFolder(), ["--port", "\(host.port)"])

            expectRefusal(result, naming: ["\(host.port)", "in use"])
        }
    }

    @Test @LoopActor func `a state directory of a running host`() async throws {
        try await withEdge { host in
            let result = try await serve(TemporaryFolder(), ["--port", "0", "--state", host.state])

            expectRefusal(result, naming: [host.state])
            #expect(try await host.get("/healthz").status == 200)
        }
    }

    @Test @LoopActor func `a state directory that cannot be written`() async throws {
        let folder = TemporaryFolder()
        folder.write("a file", to: "occupied")
        for place in ["/proc/edge-state", "occupied", "occupied/state"] {
            let result = try await serve(folder, ["--port", "0", "--state", place])

            expectRefusal(result, naming: [place.split(separator: "/").last.map(String.init) ?? place])
        }
    }

    @Test @LoopActor func `an env file that was named and is not there`() async throws {
        let result = try await serve(TemporaryFolder(), ["--port", "0", "--env-file", "missing.env"])

        expectRefusal(result, naming: ["missing.env"])
    }

    @Test @LoopActor func `a flag that is unknown or wrong`() async throws {
        for arguments in [
            ["--prot", "0"], ["--port", "x"], ["--port", "70000"], ["--log", "xml"], ["--public-url", "nonsense"],
            ["extra"],
        ] {
            let result = try await serve(TemporaryFolder(), arguments)

            #expect(result.exit != .exited(0), "\(arguments): \(result.text)")
            #expect(!result.errors.isEmpty, "\(arguments)")
        }
    }

    @Test @LoopActor func `a host name that is not ours`() async throws {
        let result = try await serve(TemporaryFolder(), ["--host", "192.0.2.1", "--port", "0"])

        expectRefusal(result, naming: ["192.0.2.1"])
    }
}
