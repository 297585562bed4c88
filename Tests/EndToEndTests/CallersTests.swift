// Who may call: keys that come and go while the host runs.
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

struct CallersTests {
    init() { TestLoop.start() }

    private func options(_ auth: String, _ more: [(path: String, value: JSONValue)] = []) -> EdgeOptions {
        let test: JSONValue = ["run": ["TestFunction"], "routes": ["/tested/*"], "auth": .string(auth)]
        return EdgeOptions(
            manifest: TestManifest.bundled(
                [("functions.test", test), ("functions.generate.auth", .string(auth))] + more
            )
        )
    }

    @LoopActor
    private func keys(_ host: EdgeHost, _ arguments: String...) async throws -> EdgeCommandResult {
        try await runEdge(["keys"] + arguments + ["--state", host.state], in: host.folder)
    }

    private func mode(of path: String) -> UInt32? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    /// A new key, once the host knows it.
    @LoopActor
    private func key(_ host: EdgeHost, _ name: String, _ more: [String] = []) async throws -> String {
        let made = try await runEdge(
            ["keys", "create", "--name", name, "--state", host.state]
                + (more.contains("--tier") ? [] : ["--tier", "pro"]) + more,
            in: host.folder
        )
        #expect(made.exit == .exited(0), "\(made.text)")
        let key = made.output.split(separator: "\n").first.map(String.init) ?? ""
        try await eventually("the host to know \(name)", asking: { try await status(host, key) == 200 })
        return key
    }

    @LoopActor
    private func status(_ host: EdgeHost, _ key: String) async throws -> Int {
        try await host.get("/tested/hello", [("Authorization", "Bearer \(key)")]).status
    }

    @Test @LoopActor func `a function that requires a caller takes a key in each of three fields, and tells who it is`()
        async throws
    {
        try await withEdge(options("required")) { host in
            let key = try await key(host, "app")
            expectProblem(try await host.get("/tested/hello"), 401, naming: ["test", "edge keys create"])
            for field in ["x-api-key", "apikey"] {
                #expect(try await host.get("/tested/hello", [(field, key)]).status == 200)
            }
            let seen = try await host.get("/functions/v1/test/head", [("Authorization", "Bearer \(key)")])
            let lines = seen.text.lowercased()
            let painted = try await host.generate(
                ["prompt": "a fox", "width": 64, "height": 64],
                [("x-api-key", key)]
            )

            #expect(lines.contains("edge-caller: key:"))
            #expect(lines.contains("edge-tier: pro"))
            #expect(!seen.text.contains(key), "no function is given a key")
            #expect(painted.status == 200)
            try await eventually("the log to name the caller") { host.output.text.contains("key:") }
            #expect(!host.said.contains(key.dropFirst(5)))
            let file = try #require(fileText("\(host.state)/keys.json"))
            #expect(!file.contains(key.dropFirst(5)))
            #expect(mode(of: "\(host.state)/keys.json") == 0o600)
        }
    }

    @Test @LoopActor
    func `an optional function serves strangers and refuses a wrong key, though its image is remembered`()
        async throws
    {
        try await withEdge(options("optional")) { host in
            let key = try await key(host, "app")
            let body: JSONValue = ["prompt": "a fox", "width": 64, "height": 64]
            for _ in 0..<3 { #expect(try await host.generate(body).status == 200) }
            for _ in 0..<3 {
                #expect(try await host.generate(body, [("Authorization", "Bearer \(key)")]).status == 200)
            }
            let cut = String(key.dropLast())
            for wrong in [cut, "nonsense", "a.b.c"] {
                expectProblem(try await host.generate(body, [("Authorization", "Bearer \(wrong)")]), 401)
                expectProblem(try await host.get("/tested/hello", [("x-api-key", wrong)]), 401)
            }
            #expect(try await host.get("/tested/hello", [("apikey", "sb_publishable_x")]).status == 200)
            #expect(try await keys(host, "revoke", "app").exit == .exited(0))
            try await eventually("the key to be refused", asking: { try await status(host, key) == 401 })
            let refused = try await host.generate(body, [("Authorization", "Bearer \(key)")])

            expectProblem(refused, 401, naming: ["revoked"])
            #expect(try await host.generate(body).status == 200)
        }
    }

    @Test @LoopActor func `a rotated key is good together with the old one, until the grace ends`() async throws {
        try await withEdge(options("required")) { host in
            let old = try await key(host, "app")
            let rotated = try await keys(host, "rotate", "app", "--grace", "1h")
            let new = rotated.output.split(separator: "\n").first.map(String.init) ?? ""
            try await eventually("the new one", asking: { try await status(host, new) == 200 })
            #expect(try await status(host, old) == 200)
            let last = try await keys(host, "rotate", "app", "--grace", "0s")
            let newest = last.output.split(separator: "\n").first.map(String.init) ?? ""
            try await eventually("the newest", asking: { try await status(host, newest) == 200 })

            #expect(try await status(host, new) == 401)
            #expect(try await status(host, old) == 200, "its hour goes on")
            let list = try await keys(host, "list")
            #expect(list.output.contains("app") && list.output.contains("older secret until"))
        }
    }

    @Test @LoopActor func `a revoked key is refused even while functions.json has a mistake`() async throws {
        try await withEdge(options("required")) { host in
            let key = try await key(host, "app")
            replaceFile(host.manifestPath, with: "{ no JSON")
            try await eventually("a line about it") { host.said.contains("not reloaded") }
            _ = try await keys(host, "revoke", "app")

            try await eventually("the key to be refused", asking: { try await status(host, key) == 401 })
        }
    }

    @Test @LoopActor func `only a key with the right names an end user and a group`() async throws {
        try await withEdge(options("optional")) { host in
            let plain = try await key(host, "plain")
            let bot = try await key(host, "bot", ["--on-behalf"])
            func head(_ headers: Headers) async throws -> String {
                try await host.get(
                    "/functions/v1/test/head",
                    headers + [("Edge-User", "u-1"), ("Edge-Group", "g-1")]
                ).text.lowercased()
            }
            let behalf = try await head([("x-api-key", bot)])

            #expect(behalf.contains("edge-user: u-1") && behalf.contains("edge-group: g-1"))
            for headers: Headers in [[], [("x-api-key", plain)]] {
                let lines = try await head(headers)
                #expect(!lines.contains("edge-user") && !lines.contains("edge-group"))
            }
            let spaced = try await host.get("/tested/hello", [("x-api-key", bot), ("Edge-User", "a b")])
            expectProblem(spaced, 400, naming: ["Edge-User"])
        }
    }

    @Test @LoopActor func `behind a trusted proxy the client's address is the caller, and nobody else's word counts`()
        async throws
    {
        let changes: [(path: String, value: JSONValue)] = [("host.trustedProxies", ["127.0.0.1"])]
        try await withEdge(options("optional", changes)) { host in
            let seen = try await host.get(
                "/functions/v1/test/head",
                [("X-Forwarded-For", "198.51.100.1, 2001:db8:1:2:3::4")]
            )

            #expect(seen.text.lowercased().contains("edge-caller: ip:2001:db8:1:2::/64"))
            #expect(seen.text.lowercased().contains("edge-tier: free"))
        }
    }

    @Test @LoopActor func `the operator's key is told once, opens the metrics from afar, and calls no function`()
        async throws
    {
        try await withEdge(options("optional")) { host in
            try await eventually("the key") { host.errors.text.contains("edge_") }
            let text = host.errors.text
            let start = try #require(text.firstRange(of: "edge_")).lowerBound
            let key = String(text[start...].prefix(43))
            let far: Headers = [("X-Forwarded-For", "203.0.113.7")]
            let function = try await host.get("/tested/hello", [("x-api-key", key)])

            #expect(try await host.get("/metrics").status == 200)
            #expect(try await host.get("/metrics", far).status == 403)
            #expect(try await host.get("/metrics", far + [("Authorization", "Bearer \(key)")]).status == 200)
            expectProblem(function, 401, naming: ["operator"])
            try await host.restart()
            #expect(!host.errors.text.contains("edge_"), "it is told once")
            #expect(try await host.get("/metrics", far + [("x-api-key", key)]).status == 200)
        }
    }

    @Test @LoopActor
    func `tokens of Supabase name a user, with the tier of app_metadata; a changed key set counts at once`()
        async throws
    {
        var options = options("required", [("host.jwt", ["keys": "jwks.json"])])
        options.environment = [("SUPABASE_JWT_SECRET", TokenSamples.secret)]
        options.files = [("jwks.json", TokenSamples.keySet)]
        try await withEdge(options) { host in
            func head(_ token: String) async throws -> ProbeAnswer {
                try await host.get("/functions/v1/test/head", [("Authorization", "Bearer \(token)")])
            }
            for (token, tier) in [
                (TokenSamples.hs256, "free"), (TokenSamples.es256, "premium"), (TokenSamples.rs256, "premium"),
            ] {
                let lines = try await head(token).text.lowercased()
                #expect(lines.contains("edge-caller: user:u1") && lines.contains("edge-tier: \(tier)"), "\(lines)")
            }
            expectProblem(try await head(String(TokenSamples.es256.dropLast(4))), 401, naming: ["token"])
            expectProblem(try await host.get("/tested/hello", [("apikey", "nonsense")]), 401)
            let other = TokenSamples.keySet.replacing("ec-1", with: "ec-2")
            replaceFile("\(host.folder.path)/jwks.json", with: other)
            try await eventually("the other key set", asking: { try await head(TokenSamples.es256).status == 401 })
            #expect(try await head(TokenSamples.rs256).status == 200)
            replaceFile("\(host.folder.path)/jwks.json", with: "{}")
            try await eventually("a line about it") { host.said.contains("host.jwt.keys") }
            #expect(try await head(TokenSamples.rs256).status == 200)
        }
    }

    @Test @LoopActor func `a command that asks for nonsense says what to write`() async throws {
        let folder = TemporaryFolder()
        for (arguments, part) in [
            (["create", "--tier", "pro"], "--name"), (["create", "--name", "a", "--tier", "gold"], "premium"),
            (["create", "--name", "a"], "--tier"), (["rotate", "a", "--grace", "soon"], "24h"),
            (["revoke", "a"], "list"),
            (["nothing"], "edge keys create"),
        ] {
            let result = try await runEdge(["keys"] + arguments + ["--state", "state"], in: folder)
            #expect(result.exit != .exited(0))
            #expect(result.errors.contains(part), "\(arguments): \(result.text)")
        }
    }
}
