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
        let bundled = TestManifest.bundled.text(pretty: true)
        let text = bundled.replacing("\"deadline\"", with: "\"deadlin\"", maxReplacements: 1)
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

    // MARK: Settings of functions

    @Test(
        "A mistake in the settings file: file, line, key and what may stand there",
        arguments: [
            ("models.flux-dev", [:], ["flux-dev", "points nowhere"]),
            ("models.flux-dev", ["runwear": "runware:101@1"], ["runwear", "runware"]),
            ("models.flux-dev", ["runware": "not an id"], ["runware", "source:id@version"]),
            ("route.use", ["runware", "runwear"], ["use", "runwear", "runware"]),
            ("route.choose", "quickest", ["choose", "fastest"]), ("quotas.runware", ["every": "soon"], ["every"]),
            ("quotas.nobody", ["hour": 3], ["nobody"]), ("results.allow", ["the moon"], ["allow", "10.0.0.0/8"]),
            ("presets.poster", ["widht": 832], ["widht", "width"]),
        ] as [(String, JSONValue, [String])]
    )
    @LoopActor func settings(path: String, value: JSONValue, parts: [String]) async throws {
        let folder = TemporaryFolder()
        folder.write(TestManifest.bundled.text(pretty: true), to: "functions.json")
        let text = TestSettings.bundled([(path, value)]).text(pretty: true)
        folder.write(text, to: "generate.json")
        let result = try await runEdge(["serve", "--port", "0"], in: folder)

        #expect(result.exit == .exited(1), "\(result.text)")
        #expect(result.errors.contains("generate.json:"), "\(result.text)")
        for part in parts { #expect(result.errors.contains(part), "\(part) in \(result.text)") }
    }

    @Test(
        "An address that is no URL: its variable and what to write",
        arguments: [
            "RUNWARE_BASE_URL", "HUGGINGFACE_BASE_URL", "HUGGINGFACE_HUB_URL", "OPENAI_BASE_URL", "CIVITAI_BASE_URL",
            "CIVITAI_SITE_URL",
        ]
    )
    @LoopActor func addresses(name: String) async throws {
        let folder = TemporaryFolder()
        folder.write(TestManifest.bundled.text(pretty: true), to: "functions.json")
        folder.write(TestSettings.bundled.text(pretty: true), to: "generate.json")
        for value in ["nonsense", "ftp://example.com", "http://", "https://user:pass@example.com"] {
            let result = try await runEdge(["serve", "--port", "0"], in: folder, environment: [(name, value)])

            #expect(result.exit == .exited(1), "\(value): \(result.text)")
            #expect(result.errors.contains(name), "\(value): \(result.text)")
        }
        folder.write("\(name)=nonsense\n", to: ".env")
        let result = try await runEdge(["serve", "--port", "0"], in: folder)

        #expect(result.exit == .exited(1), "\(result.text)")
        #expect(result.errors.contains(name) && result.errors.contains(".env"), "\(result.text)")
    }

    @Test @LoopActor func `a bad settings file is kept out of a running host, and a good one is taken`() async throws {
        let providers = try RouteProviders()
        try await withEdge(providers.options([("route.use", ["huggingface"])])) { host in
            let place = "\(host.folder.path)/generate.json"
            #expect(try await host.ended(["prompt": "a fox"])["provider"] == "huggingface")
            replaceFile(place, with: TestSettings.bundled([("route.use", ["openay"])]).text(pretty: true))
            try await eventually("a line about it") { host.said.contains("openay") }
            let kept = try await host.ended(["prompt": "an owl"])
            replaceFile(place, with: TestSettings.bundled([("route.use", ["openai"])]).text(pretty: true))
            var number = 0
            try await eventually(
                "the mended settings",
                asking: {
                    number += 1
                    return try await host.ended(["prompt": .string("hare \(number)")])["provider"] == "openai"
                }
            )

            #expect(kept["provider"] == "huggingface")
            #expect(host.said.contains("generate.json:"))
        }
    }
}
