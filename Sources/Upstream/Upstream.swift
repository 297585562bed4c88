// Calls to the world, over libcurl on the loop.
public import EdgeLoop
internal import Glibc

/// Makes HTTP calls: connections are kept and shared, HTTP/2 is used where it is offered, every step has a deadline.
///
/// Redirects are followed within the request's origin and to origins that the request lists, never from https to http, and
/// credentials stay with their origin. TLS certificates are always verified (`SSL_CERT_FILE` and `SSL_CERT_DIR` are
/// read). Proxies come from the environment as curl reads it: `http_proxy` (small letters only), `HTTPS_PROXY`,
/// `ALL_PROXY`, `NO_PROXY`. An answer of any status is an answer; ``UpstreamError`` means that there is none.
@LoopActor
public final class Upstream {
    private let policy: AddressPolicy
    private let userAgent: String
    private lazy var multi = CurlMulti()
    /// The address of the last call, as it was given and as it was read: a provider is called at the same one again and again.
    private var last: (text: String, url: UpstreamURL)?

    /// - Parameters:
    ///   - policy: which addresses may be called; judged for every connection, after names are resolved.
    ///   - userAgent: nil: `edge/` and the host's version.
    public init(policy: AddressPolicy = AddressPolicy(), userAgent: String? = nil) {
        self.policy = policy
        self.userAgent = userAgent ?? "edge/" + (getenv("EDGE_VERSION").map { String(cString: $0) } ?? "0")
    }

    /// Sends a request and returns when the head of its answer is here. Cancelling the task ends the transfer at once.
    /// - Throws: ``UpstreamError`` when there is no answer.
    public func call(_ request: UpstreamRequest) async throws(UpstreamError) -> UpstreamResponse {
        let endsAt = ContinuousClock.now + request.deadlines.total
        if let mistake = request.mistake { throw .unsent(.invalidRequest(mistake), origin: "") }
        var url = try read(request.url)
        var request = request
        var redirects = 0
        while true {
            let transfer = try begin(request, url, isRedirected: redirects > 0, endsAt: endsAt)
            let head = try await transfer.head()
            let redirect = try next(after: head, request, url, redirects, ending: transfer)
            guard let redirect else {
                let hint = min(head.contentLength ?? 0, request.answerBytesMax)
                return UpstreamResponse(
                    status: head.status,
                    headers: head.headers,
                    url: url.text,
                    body: UpstreamBody(transfer, lengthHint: hint)
                )
            }
            redirects += 1
            url = redirect.url
            request.method = redirect.method
            request.headers = redirect.headers(from: request.headers, credentials: request.credentialHeaders)
            if !redirect.keepsBody { request.body = .none }
        }
    }

    private func read(_ text: String) throws(UpstreamError) -> UpstreamURL {
        if let last, last.text == text { return last.url }
        do {
            let url = try UpstreamURL(text)
            last = (text, url)
            return url
        } catch {
            throw .unsent(.invalidRequest(error.reason), origin: "")
        }
    }

    private func begin(
        _ request: UpstreamRequest,
        _ url: UpstreamURL,
        isRedirected: Bool,
        endsAt: ContinuousClock.Instant
    ) throws(UpstreamError) -> Transfer {
        // Behind a proxy the socket's address is the proxy's, so an address in the URL is judged here.
        if let address = url.address, policy.refusal(of: address) != nil {
            throw UpstreamError(.addressRefused("\(address)"), origin: url.origin, mayHaveBeenSent: isRedirected)
        }
        guard let multi, let handle = CurlHandle() else {
            throw .unsent(.invalidRequest("libcurl could not be started"), origin: url.origin)
        }
        let hop = Transfer.Hop(
            url: url,
            method: request.method,
            headers: request.headers,
            body: request.body,
            deadlines: request.deadlines,
            endsAt: endsAt,
            answerBytesMax: request.answerBytesMax,
            policy: policy,
            userAgent: userAgent,
            isRedirected: isRedirected
        )
        return Transfer(hop, handle, multi)
    }

    /// The redirect to follow; nil: this answer is the caller's.
    private func next(
        after head: AnswerHead,
        _ request: UpstreamRequest,
        _ url: UpstreamURL,
        _ redirects: Int,
        ending transfer: Transfer
    ) throws(UpstreamError) -> Redirect? {
        guard request.redirectsMax > 0 else { return nil }
        do throws(UpstreamError.Reason) {
            let redirect = try Redirect.after(
                status: head.status,
                location: head.headers["location"],
                method: request.method,
                from: url,
                allowing: request.redirectOrigins
            )
            guard let redirect else { return nil }
            transfer.end(.cancelled)
            if redirects == request.redirectsMax { throw .tooManyRedirects(max: request.redirectsMax) }
            if redirect.keepsBody, case .stream = request.body {
                throw .redirectRefused("it repeats the request, whose body is a stream and is gone")
            }
            return redirect
        } catch {
            transfer.end(.cancelled)
            throw UpstreamError(error, origin: url.origin, mayHaveBeenSent: true)
        }
    }
}

extension UpstreamError {
    fileprivate static func unsent(_ reason: Reason, origin: String) -> UpstreamError {
        UpstreamError(reason, origin: origin, mayHaveBeenSent: false)
    }
}
