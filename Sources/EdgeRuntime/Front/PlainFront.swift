// A public request to a plain function: forwarded, and its answer streamed through.
internal import EdgeHTTP
internal import EdgeLoop

/// Hands requests on as they are, less what belongs to a connection or to the host.
@LoopActor
struct PlainFront {
    let trustedProxies: [AddressRange]

    func answer(_ context: RequestContext, _ function: LiveFunction, path: String) async throws -> HTTPResponse {
        var request = context.request
        request.headers = forwarded(context)
        request.target = path + (request.query.map { "?\($0)" } ?? "")
        var response = try await function.isolates.call(request, timeout: function.entry.timeout)
        response.headers.removeHopByHop()
        response.headers.removeAll { name in
            name.hasPrefix("edge-") || name == "x-relay-error" || name == "x-relay-header"
                || name.hasPrefix("access-control-")
        }
        return response
    }

    private func forwarded(_ context: RequestContext) -> HTTPHeaders {
        let request = context.request
        var headers = request.headers
        let proto = context.base.hasPrefix("https:") ? "https" : "http"
        let host = String(context.base.dropFirst(proto.count + 3))
        let peer = request.peer.ipText
        let isTrusted = peer.map { peer in trustedProxies.contains { $0.contains(peer) } } ?? false
        let chain = isTrusted ? headers["X-Forwarded-For"] : nil
        headers.removeHopByHop()
        headers.removeAll { $0.hasPrefix("edge-") || $0.hasPrefix("x-forwarded-") || $0 == "forwarded" }
        headers.add("Edge-Request-Id", context.id)
        headers.add("Edge-Target", request.target)
        headers.add("Edge-Base-URL", context.base)
        headers.add("Edge-Caller", "anonymous")
        headers.add("Edge-Tier", "free")
        if let peer { headers.add("X-Forwarded-For", chain.map { "\($0), \(peer)" } ?? peer) }
        headers.add("X-Forwarded-Proto", proto)
        headers.add("X-Forwarded-Host", host)
        if !headers.contains("traceparent") { headers.add("traceparent", Self.traceparent()) }
        return headers
    }

    /// W3C Trace Context, version 00: a trace of our own when the caller began none.
    private static func traceparent() -> String {
        let trace = hex(.random(in: 1...UInt64.max)) + hex(.random(in: 0...UInt64.max))
        return "00-\(trace)-\(hex(.random(in: 1...UInt64.max)))-01"
    }

    private static func hex(_ number: UInt64) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }
}

extension SocketAddress {
    /// The address without its port; nil for a Unix socket.
    var ipText: String? { if case .ip(let address, _) = self { address.description } else { nil } }
}
