// A public request to a plain function: forwarded, and its answer streamed through.
internal import Callers
internal import EdgeHTTP
internal import EdgeLoop

/// Hands requests on as they are, less what belongs to a connection or to the host.
@LoopActor
struct PlainFront {
    /// What only the host may tell a function.
    private static let told = HTTPFieldNames(["forwarded"], beginnings: ["edge-", "x-forwarded-"])
    /// What only the host may tell a client.
    private static let withheld = HTTPFieldNames(
        ["x-relay-error", "x-relay-header"],
        beginnings: ["edge-", "access-control-"]
    )
    /// Room for what is added to a head, so that most heads are moved once.
    private static let addedBytes = 512

    let trustedProxies: [AddressRange]
    private let traces = TraceIDs()

    init(trustedProxies: [AddressRange]) { self.trustedProxies = trustedProxies }

    func answer(_ context: RequestContext, _ function: LiveFunction, path: String) async throws -> HTTPResponse {
        let request = forwarded(context, path: path)
        return Self.returned(try await function.isolates.call(request, timeout: function.entry.timeout))
    }

    /// The same without a task, as far as it goes: see ``DirectCall``.
    func begin(
        _ context: RequestContext,
        _ function: LiveFunction,
        path: String,
        _ done: @escaping @LoopActor (DirectCall.Outcome) -> Void
    ) -> DirectCall {
        function.isolates.begin(forwarded(context, path: path), timeout: function.entry.timeout) { outcome in
            switch outcome {
            case .answered(let response): done(.answered(Self.returned(response)))
            case .goesOn(let rest): done(.goesOn { () throws(IsolateError) in Self.returned(try await rest()) })
            }
        }
    }

    private static func returned(_ response: HTTPResponse) -> HTTPResponse {
        var response = response
        response.headers.remove(withheld)  // what belongs to the connection has gone before
        return response
    }

    private func forwarded(_ context: RequestContext, path: String) -> HTTPRequest {
        var request = context.request
        request.headers = headers(context)
        request.target = path + (request.query.map { "?\($0)" } ?? "")
        return request
    }

    private func headers(_ context: RequestContext) -> HTTPHeaders {
        let request = context.request
        var headers = request.headers
        let proto = context.base.hasPrefix("https:") ? "https" : "http"
        let host = String(Substring(context.base.utf8.dropFirst(proto.utf8.count + "://".utf8.count)))
        let peer = request.peer.ipText
        let isTrusted = peer.map { peer in trustedProxies.contains { $0.contains(peer) } } ?? false
        let chain = isTrusted ? headers["X-Forwarded-For"] : nil
        headers.reserve(lines: 9, bytes: Self.addedBytes)
        headers.removeHopByHop(and: Self.told)
        headers.add("Edge-Request-Id", context.id)
        headers.add("Edge-Target", request.target)
        headers.add("Edge-Base-URL", context.base)
        headers.add(context.caller)
        if let peer { headers.add("X-Forwarded-For", chain.map { "\($0), \(peer)" } ?? peer) }
        headers.add("X-Forwarded-Proto", proto)
        headers.add("X-Forwarded-Host", host)
        if !headers.contains("traceparent") { headers.add("traceparent", traces.parent()) }
        return headers
    }
}

extension SocketAddress {
    /// The address without its port; nil for a Unix socket.
    var ipText: String? { if case .ip(let address, _) = self { address.description } else { nil } }
}
