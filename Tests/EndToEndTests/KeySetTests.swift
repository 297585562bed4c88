// Public keys of tokens by URL: fetched, kept, and fetched again when a token names a new one.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct KeySetTests {
    init() { TestLoop.start() }

    private static let rsaOnly = TokenSamples.keySet.replacing("ec-1", with: "ec-0")

    @LoopActor private static func options(_ issuer: ScriptedUpstream, allow: String = "127.0.0.1") -> EdgeOptions {
        EdgeOptions(
            manifest: TestManifest.bundled([
                ("functions.test", ["run": ["TestFunction"], "auth": "required"]),
                ("functions.generate.auth", "required"),
                // Tokens wait for some seconds, which are for the fetch and not for the start of a process.
                ("functions.keyset.warm", true),
                ("host.jwt", ["keys": .string("\(issuer.url)/auth/v1/.well-known/jwks.json")]),
            ]),
            environment: [("EDGE_KEYSET_ALLOW", allow)]
        )
    }

    @LoopActor
    private func head(_ host: EdgeHost, _ token: String) async throws -> ProbeAnswer {
        try await host.get("/functions/v1/test/head", [("Authorization", "Bearer \(token)")])
    }

    @Test @LoopActor func `tokens are checked by the key set at the URL, also after a start without a network`()
        async throws
    {
        let issuer = try ScriptedUpstream(always: .json(200, TokenSamples.keySet))
        try await withEdge(Self.options(issuer)) { host in
            try await eventually("the key set", asking: { try await head(host, TokenSamples.es256).status == 200 })
            for token in [TokenSamples.es256, TokenSamples.rs256] {
                let lines = try await head(host, token).text.lowercased()
                #expect(lines.contains("edge-caller: user:u1") && lines.contains("edge-tier: premium"), "\(lines)")
            }
            expectProblem(try await head(host, String(TokenSamples.es256.dropLast(4))), 401, naming: ["token"])
            #expect(issuer.requests.map(\.target) == ["/auth/v1/.well-known/jwks.json"])
            expectProblem(try await host.post("/functions/v1/keyset", ["url": .string(issuer.url)]), 404)
            try await eventually("the file") { fileText("\(host.state)/keyset.json") != nil }
            try await host.kill()
            issuer.close()
            try await host.start()

            #expect(try await head(host, TokenSamples.es256).status == 200)
            #expect(try await host.generate("a fox", [("Authorization", "Bearer \(TokenSamples.rs256)")]).status == 200)
            try await eventually("a line about it") { host.said.contains("host.jwt.keys") }
        }
    }

    @Test @LoopActor func `a key that is not known is looked for once, and its first request waits for it`()
        async throws
    {
        let issuer = try ScriptedUpstream { request in
            .json(200, request.number == 1 ? Self.rsaOnly : TokenSamples.keySet)
        }
        try await withEdge(Self.options(issuer)) { host in
            try await eventually("the key set", asking: { try await head(host, TokenSamples.rs256).status == 200 })
            #expect(issuer.calls == 1)
            #expect(try await head(host, TokenSamples.es256).status == 200)
            #expect(issuer.calls == 2)
            let unknown = try await head(host, Self.token(ofKey: "nobody"))
            let again = try await head(host, Self.token(ofKey: "nobody-else"))

            expectProblem(unknown, 401, naming: ["token"])
            expectProblem(again, 401, naming: ["token"])
            #expect(issuer.calls == 2)
        }
    }

    /// A token whose header names another key.
    private static func token(ofKey id: String) -> String {
        let header = #"{"alg":"ES256","kid":"\#(id)"}"#
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var text: [UInt8] = []
        let bytes = Array(header.utf8)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            let bits = part.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - part.count))
            for place in 0...part.count { text.append(letters[bits >> (18 - 6 * place) & 63]) }
        }
        return String(decoding: text, as: UTF8.self) + TokenSamples.es256.drop { $0 != "." }
    }

    @Test @LoopActor func `an issuer inside that is not listed is not called, and its tokens are refused`() async throws
    {
        let issuer = try ScriptedUpstream(always: .json(200, TokenSamples.keySet))
        try await withEdge(Self.options(issuer, allow: "10.0.0.0/8")) { host in
            expectProblem(try await head(host, TokenSamples.es256), 401)
            try await eventually("a line about it") { host.said.contains("EDGE_KEYSET_ALLOW") }

            #expect(issuer.calls == 0)
        }
    }

    @Test(
        "A URL that cannot be trusted, or that nobody could fetch, stops the start",
        arguments: [
            ("http://issuer.example/jwks.json", true, "https"), ("ftp://issuer.example/jwks.json", true, "http"),
            ("https://issuer.example/jwks.json", false, "keyset"),
        ]
    )
    @LoopActor func refuses(url: String, hasFunction: Bool, part: String) async throws {
        var changes: [(path: String, value: JSONValue)] = [("host.jwt", ["keys": .string(url)])]
        if !hasFunction { changes.append(("functions.keyset", .null)) }
        let host = EdgeHost(EdgeOptions(manifest: TestManifest.bundled(changes)))
        try host.launch()
        let exit = try await host.ended()

        #expect(exit == .exited(1))
        #expect(host.said.contains("host.jwt.keys") && host.said.contains(part), "\(host.said)")
    }
}
