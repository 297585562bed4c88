// Which web pages may call, and the headers that tell their browsers so (facts/supabase.md 5, facts/http-conventions.md 6).

/// Decides about origins for one manifest. The headers go on every answer, errors included: without them a page sees only that
/// something failed.
package struct Cors: Sendable {
    /// A header to add to an answer.
    package typealias Header = (name: String, value: String)

    private let allowed: Set<String>?  // nil: any

    package init(_ host: HostSettings) {
        switch host.origins {
        case .any: allowed = nil
        // Pages that the host serves itself may call it, too.
        case .listed(let origins): allowed = Set(origins + (host.publicURL.map { [WebAddress.origin(of: $0)] } ?? []))
        }
    }

    /// Whether a request with this Origin header may be answered; one without is no page's. If not: 403, for simple requests too,
    /// since a browser sends those without asking first.
    package func allows(_ origin: String?) -> Bool {
        guard let allowed, let origin else { return true }
        return allowed.contains(origin)
    }

    /// Whether a request is a preflight: answered before routing and authentication, by ``preflight(origin:requestedHeaders:)``.
    package static func isPreflight(method: String, origin: String?, requestedMethod: String?) -> Bool {
        method == "OPTIONS" && origin != nil && requestedMethod != nil
    }

    /// The headers of every answer that is no preflight's.
    package func headers(origin: String?) -> [Header] {
        var headers = originHeaders(origin)
        if allows(origin), allowed == nil || origin != nil {
            headers.append(("Access-Control-Expose-Headers", Self.exposedHeaders))
        }
        return headers
    }

    /// The headers of a 204 that answers a preflight; nil when the origin may not call (403).
    ///
    /// - Parameter requestedHeaders: Access-Control-Request-Headers. Names that are not allowed anyway are allowed if they are names.
    package func preflight(origin: String, requestedHeaders: String?) -> [Header]? {
        guard allows(origin) else { return nil }
        var names = Self.allowedHeaders
        for name in HeaderList.parts(of: (requestedHeaders ?? "").prefix(2048), separator: ",") {
            let name = name.lowercased()
            guard names.count < Self.allowedHeadersMax else { break }
            if HeaderList.isToken(name), !names.contains(name) { names.append(name) }
        }
        return originHeaders(origin, vary: ["Access-Control-Request-Headers"]) + [
            ("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS"),
            ("Access-Control-Allow-Headers", names.joined(separator: ", ")),
            ("Access-Control-Max-Age", "7200"),
        ]
    }

    private func originHeaders(_ origin: String?, vary: [String] = []) -> [Header] {
        guard allowed != nil else {
            let varyHeader: [Header] = vary.isEmpty ? [] : [("Vary", vary.joined(separator: ", "))]
            return [("Access-Control-Allow-Origin", "*")] + varyHeader
        }
        // Also on answers without the header, so that no cache hands one origin's answer to another.
        let varyHeader: Header = ("Vary", (["Origin"] + vary).joined(separator: ", "))
        guard let origin, allows(origin) else { return [varyHeader] }
        return [("Access-Control-Allow-Origin", origin), varyHeader]
    }

    /// Allowed whether asked for or not: what Supabase clients and ours send. `*` would not cover `authorization`.
    private static let allowedHeaders = [
        "authorization", "x-client-info", "apikey", "content-type", "x-retry-count", "x-region", "traceparent",
        "tracestate",
        "baggage", "prefer", "idempotency-key",
    ]
    private static let allowedHeadersMax = 64

    private static let exposedHeaders =
        "Retry-After, X-Request-Id, X-Relay-Error, SB-Error-Code, RateLimit, RateLimit-Policy, Location, Preference-Applied, "
        + "Server-Timing, Idempotency-Key, ETag, Cache-Status, Content-Range, Accept-Ranges, "
        + "Content-Location"
}
