// Web pages of other origins: who may call, and what their browsers are told.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct CrossOriginTests {
    init() { TestLoop.start() }

    private static let page: (name: String, value: String) = ("Origin", "https://app.example")

    @Test @LoopActor func `any page may call by default, and sees errors too`() async throws {
        try await withEdge { host in
            let hash = String(repeating: "a", count: 64)
            for answer in [
                try await host.generate(["prompt": "a fox", "width": 64, "height": 64], [Self.page]),
                try await host.generate(["prompt": ""], [Self.page]),
                try await host.get("/functions/v1/none", [Self.page]),
                try await host.get("/images/\(hash).png", [Self.page]),
                try await host.ask("PUT", "/generate", [Self.page]),
                try await host.get("/healthz", [Self.page]), try await host.get("/status", [Self.page]),
            ] {
                #expect(answer.all("Access-Control-Allow-Origin") == "*", "\(answer.status)")
                let exposed = answer.all("Access-Control-Expose-Headers").lowercased()
                for name in ["retry-after", "x-request-id", "location", "sb-error-code", "x-relay-error"] {
                    #expect(exposed.contains(name), "\(answer.status) \(name)")
                }
                #expect(answer["Access-Control-Allow-Credentials"] == nil)
            }
        }
    }

    @Test @LoopActor func `a preflight is answered without starting a function`() async throws {
        try await withEdge { host in
            let before = host.isolates
            let answer = try await host.ask(
                "OPTIONS",
                "/functions/v1/generate",
                [
                    Self.page, ("Access-Control-Request-Method", "POST"),
                    ("Access-Control-Request-Headers", "apikey,authorization,content-type,x-client-info"),
                ]
            )
            let allowed = answer.all("Access-Control-Allow-Headers").lowercased()

            #expect(answer.status == 204)
            #expect(answer.all("Access-Control-Allow-Origin") == "*")
            #expect(answer.all("Access-Control-Allow-Methods").contains("POST"))
            for name in ["apikey", "authorization", "content-type", "x-client-info"] { #expect(allowed.contains(name)) }
            #expect((answer.number("Access-Control-Max-Age") ?? 0) > 0)
            #expect(host.isolates == before)
        }
    }

    @Test @LoopActor func `listed origins refuse all others with 403, simple requests and preflights too`() async throws
    {
        let manifest = TestManifest.bundled([("host.origins", ["https://app.example"])])
        try await withEdge(EdgeOptions(manifest: manifest)) { host in
            let other: Headers = [("Origin", "https://evil.example")]
            let allowed = try await host.get("/generate?prompt=x&width=64&height=64", [Self.page])
            let none = try await host.get("/generate?prompt=x&width=64&height=64")
            let simple = try await host.get("/generate?prompt=x&width=64&height=64", other)
            let posted = try await host.generate("y", other)
            let image = try await host.get("/images/\(String(repeating: "a", count: 64)).png", other)
            let asked = try await host.ask("OPTIONS", "/generate", other + [("Access-Control-Request-Method", "POST")])

            #expect(allowed.status == 200)
            #expect(allowed.all("Access-Control-Allow-Origin") == "https://app.example")
            #expect(allowed.all("Vary").contains("Origin"))
            #expect(none.status == 200)
            #expect(none.all("Vary").contains("Origin"))
            for answer in [simple, posted, image, asked] {
                expectProblem(answer, 403, naming: ["evil.example", "host.origins"])
                #expect(answer["Access-Control-Allow-Origin"] == nil)
            }
        }
    }
}
