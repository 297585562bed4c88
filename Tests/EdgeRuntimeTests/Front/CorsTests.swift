import Testing

@testable import EdgeRuntime

struct CorsTests {
    private func cors(_ origins: Origins, publicURL: String? = nil) -> Cors {
        var host = HostSettings()
        host.origins = origins
        host.publicURL = publicURL
        return Cors(host)
    }

    private func text(_ headers: [Cors.Header]?, _ name: String) -> String? {
        headers?.first { $0.name == name }?.value
    }

    @Test func `by default any page may call, and every answer says so`() {
        let cors = cors(.any)

        let headers = cors.headers(origin: nil)

        #expect(cors.allows("https://evil.example") && cors.allows(nil))
        #expect(text(headers, "Access-Control-Allow-Origin") == "*")
        #expect(text(headers, "Vary") == nil)
        let exposed = text(headers, "Access-Control-Expose-Headers")?.lowercased() ?? ""
        for name in ["retry-after", "x-request-id", "x-relay-error", "sb-error-code", "location", "preference-applied"]
        {
            #expect(exposed.contains(name))
        }
    }

    @Test func `a listed origin is echoed, and caches keep origins apart`() {
        let cors = cors(.listed(["https://app.example"]))

        #expect(
            text(cors.headers(origin: "https://app.example"), "Access-Control-Allow-Origin") == "https://app.example"
        )
        #expect(text(cors.headers(origin: "https://app.example"), "Vary") == "Origin")
        #expect(cors.headers(origin: nil).map(\.name) == ["Vary"])
    }

    @Test(
        "Other origins are refused when a set is listed",
        arguments: [
            "https://evil.example", "null", "", "https://app.example.evil.example", "http://app.example",
            "https://app.example:8443",
            "https://APP.example",
        ]
    )
    func refuses(origin: String) {
        let cors = cors(.listed(["https://app.example"]))

        #expect(!cors.allows(origin))
        #expect(cors.headers(origin: origin).map(\.name) == ["Vary"])
        #expect(cors.preflight(origin: origin, requestedHeaders: nil) == nil)
        #expect(cors.allows(nil))
    }

    @Test func `an empty set refuses every page, but the host's own`() {
        let cors = cors(.listed([]), publicURL: "https://images.example/edge")

        #expect(!cors.allows("https://app.example"))
        #expect(cors.allows("https://images.example"))
    }

    @Test func `a preflight allows what Supabase clients send and what was asked for`() {
        let headers = cors(.any).preflight(
            origin: "https://app.example",
            requestedHeaders: "apikey,authorization,X-Custom, b\u{1}d,a b"
        )

        #expect(text(headers, "Access-Control-Allow-Origin") == "*")
        #expect(text(headers, "Access-Control-Allow-Methods") == "GET, POST, PUT, PATCH, DELETE, OPTIONS")
        #expect(text(headers, "Access-Control-Max-Age") == "7200")
        #expect(text(headers, "Vary") == "Access-Control-Request-Headers")
        #expect(
            text(headers, "Access-Control-Allow-Headers")
                == "authorization, x-client-info, apikey, content-type, x-retry-count, x-region, traceparent, tracestate, "
                + "baggage, prefer, idempotency-key, x-custom"
        )
    }

    @Test func `a preflight cannot ask for names without end`() {
        let many = (0..<5000).map { "h\($0)" }.joined(separator: ",")

        let headers = cors(.any).preflight(origin: "https://app.example", requestedHeaders: many)

        #expect((text(headers, "Access-Control-Allow-Headers") ?? "").utf8.count < 4096)
    }

    @Test func `only OPTIONS with both headers is a preflight`() {
        #expect(Cors.isPreflight(method: "OPTIONS", origin: "https://a", requestedMethod: "POST"))
        #expect(!Cors.isPreflight(method: "OPTIONS", origin: "https://a", requestedMethod: nil))
        #expect(!Cors.isPreflight(method: "OPTIONS", origin: nil, requestedMethod: "POST"))
        #expect(!Cors.isPreflight(method: "POST", origin: "https://a", requestedMethod: "POST"))
    }
}
