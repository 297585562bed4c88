// The network of HFInference: libcurl on the event loop.
internal import EdgeLoop
public import Upstream

/// Sends calls over ``Upstream``. Redirects stay within their origin, so the token goes nowhere else.
public struct UpstreamTransport: HFTransport {
    private let upstream: Upstream

    /// - Parameter upstream: may be shared with others: it keeps connections open for the next call.
    public init(_ upstream: Upstream) { self.upstream = upstream }

    public func send(_ call: HFCall) async throws(HFTransportError) -> HFReply {
        try await Self.send(call, over: upstream)
    }

    @LoopActor
    private static func send(_ call: HFCall, over upstream: Upstream) async throws(HFTransportError) -> HFReply {
        var headers = UpstreamHeaders()
        for header in call.headers { headers.add(header.name, header.value) }
        var request = UpstreamRequest(
            call.method,
            call.url,
            headers: headers,
            body: call.body.isEmpty ? .none : .bytes(call.body)
        )
        // A model works for as long as it may before its first byte comes, so only the whole is limited.
        request.deadlines.firstByte = call.timeout
        request.deadlines.total = call.timeout
        request.answerBytesMax = call.answerBytesMax
        do {
            let answer = try await upstream.call(request)
            let body = try await answer.body.collect()
            return HFReply(
                status: answer.status,
                headers: answer.headers.map { HFHeader($0.name, $0.value) },
                body: body
            )
        } catch {
            throw HFTransportError(error)
        }
    }
}

extension HFTransportError {
    init(_ error: UpstreamError) {
        switch error.reason {
        case .answerTooLarge: self = .tooLarge
        case .cancelled: self = .canceled
        case .firstByteDeadline, .totalDeadline: self = .timeout
        // The same request meets the same refusal: only other settings help.
        case .invalidRequest, .addressRefused, .redirectRefused, .tooManyRedirects: self = .address(error.description)
        case .nameNotFound, .cannotConnect, .tlsFailed, .connectDeadline, .idleDeadline, .badAnswer, .connectionLost,
            .bodyFailed:
            self = .network(error.description)
        }
    }
}
