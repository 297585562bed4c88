// Behind a platform: PORT, public URLs, proxies.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct DeployTests {
    init() { TestLoop.start() }

    private static let fox: JSONValue = ["prompt": "a fox", "width": 64, "height": 64]

    @Test @LoopActor func `PORT means all interfaces, IPv4 and IPv6`() async throws {
        var options = EdgeOptions(environment: [("PORT", "0")])
        options.port = nil
        try await withEdge(options) { host in
            for address in ["127.0.0.1", "127.0.0.2", "::1"] {
                let probe = try await HTTPProbe(port: host.port, address: address)
                probe.request("GET", "/healthz")
                #expect(try await probe.answer().status == 200, "\(address)")
                probe.leave()
            }
        }
    }

    @Test @LoopActor func `without PORT it is loopback alone`() async throws {
        try await withEdge { host in
            await #expect(throws: (any Error).self) { _ = try await HTTPProbe(port: host.port, address: "127.0.0.2") }
        }
    }

    @Test @LoopActor func `absolute URLs come from Host, and from proxies only when they are trusted`() async throws {
        let forwarded: Headers = [
            ("Host", "inner.test"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "images.example"),
            ("Accept", "application/json"),
        ]
        func url(_ host: EdgeHost) async throws -> String {
            try await host.generate(Self.fox, forwarded).json["images"]?.array?.first?["url"]?.string ?? ""
        }
        try await withEdge { host in
            let told = try await url(host)
            #expect(told.hasPrefix("http://inner.test/images/"))
        }
        let trusting = TestManifest.bundled([("host.trustedProxies", ["127.0.0.1"])])
        try await withEdge(EdgeOptions(manifest: trusting)) { host in
            let told = try await url(host)
            #expect(told.hasPrefix("https://images.example/images/"))
        }
        try await withEdge(EdgeOptions(arguments: ["--public-url", "https://public.example"])) { host in
            #expect(try await url(host).hasPrefix("https://public.example/images/"))
            let accepted = try await host.generate(["prompt": "a hen"], [("Prefer", "respond-async")])
            #expect(accepted["Location"]?.hasPrefix("https://public.example/functions/v1/status/") == true)
            try await eventually("the jobs on disk") { host.activeJobs.isEmpty }
            #expect(!host.doneJobs.values.contains { $0.text().contains("public.example") }, "no URL is stored")
        }
    }
}
