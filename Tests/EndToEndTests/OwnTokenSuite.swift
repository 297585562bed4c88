// What the tests of callers' own tokens share.
import EdgeLoop
import JSON
import TestSupport

protocol OwnTokenSuite {}

extension OwnTokenSuite {
    static var ann: String { "rw_annsOwnToken0123456789" }
    static var bob: String { "rw_bobsOwnToken9876543210" }
    static var sealing: String { "0123456789abcdef0123456789abcdefffeeddccbbaa99887766554433221100" }
    static var newSealing: String { "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" }

    @LoopActor
    func runware() throws -> RunwareScript {
        let runware = try RunwareScript()
        runware.keys = [RunwareScript.key, Self.ann, Self.bob]
        return runware
    }

    /// - Parameter sealing: EDGE_TOKEN_KEY; nil: none.
    func options(
        _ environment: [(name: String, value: String)],
        sealing: String? = Self.sealing,
        _ manifest: [(path: String, value: JSONValue)] = []
    ) -> EdgeOptions {
        let keys = sealing.map { [(name: "EDGE_TOKEN_KEY", value: $0)] } ?? []
        return EdgeOptions(manifest: TestManifest.bundled(manifest), environment: environment + keys)
    }

    /// What one caller shows, once the host knows the key.
    @LoopActor
    func caller(_ host: EdgeHost, _ name: String, _ more: [String] = []) async throws -> Headers {
        let made = try await runEdge(
            ["keys", "create", "--name", name, "--tier", "pro", "--state", host.state] + more,
            in: host.folder
        )
        let key = made.output.split(separator: "\n").first.map(String.init) ?? ""
        let shown = [(name: "x-api-key", value: key)]
        try await eventually("the host to know \(name)", asking: { try await list(host, shown).status == 200 })
        return shown
    }

    @LoopActor
    func list(_ host: EdgeHost, _ caller: Headers) async throws -> ProbeAnswer {
        try await host.get("/functions/v1/tokens", caller)
    }

    @LoopActor
    func put(
        _ host: EdgeHost,
        _ caller: Headers,
        _ token: String,
        at provider: String = "runware"
    ) async throws -> ProbeAnswer {
        let body: JSONValue = ["token": .string(token)]
        return try await host.ask("PUT", "/functions/v1/tokens/\(provider)", caller, body: body.encoded())
    }

    /// Everything that a host has written, in whatever form, besides what it has answered.
    @LoopActor
    func everything(_ host: EdgeHost) -> String {
        host.said + filesBelow(host.state).compactMap { fileText($0) }.joined()
    }

    var asDocument: Headers { [("Accept", "application/json")] }
}
