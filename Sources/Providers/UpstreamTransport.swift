// The network of the providers: libcurl on the event loop.
internal import EdgeLoop
internal import Glibc
public import Upstream

/// Sends calls over ``Upstream``. Redirects stay within their origin, so the token goes nowhere else.
public struct UpstreamTransport: ProviderTransport {
    private let providers: Upstream
    private let results: Upstream

    /// - Parameters:
    ///   - providers: for what the settings name; may be shared with others: it keeps connections open for the next call.
    ///   - results: for the addresses that answers name; its policy should refuse this machine's own network. Nil: the same.
    public init(_ providers: Upstream, results: Upstream? = nil) {
        self.providers = providers
        self.results = results ?? providers
    }

    public func send(_ call: ProviderCall) async throws(TransportError) -> ProviderReply {
        try await Self.send(call, over: call.target == .result ? results : providers)
    }

    public func send(
        _ call: ProviderCall,
        onEvent: @escaping @Sendable (ProviderReply) async -> Bool
    ) async throws(TransportError) -> ProviderReply {
        try await Self.send(call, over: call.target == .result ? results : providers, onEvent)
    }

    @LoopActor
    private static func send(
        _ call: ProviderCall,
        over upstream: Upstream,
        _ onEvent: (@Sendable (ProviderReply) async -> Bool)? = nil
    ) async throws(TransportError) -> ProviderReply {
        var headers = UpstreamHeaders()
        for header in call.headers { headers.add(header.name, header.value) }
        var request = UpstreamRequest(
            call.method,
            call.url,
            headers: headers,
            body: call.body.isEmpty ? .none : .bytes(call.body)
        )
        request.deadlines.firstByte = min(call.headTimeout ?? call.timeout, call.timeout)
        request.deadlines.total = call.timeout
        if let idle = call.idleTimeout { request.deadlines.idle = min(idle, call.timeout) }
        request.answerBytesMax = call.answerBytesMax
        do {
            let answer = try await upstream.call(request)
            let headers = answer.headers.map { ProviderHeader($0.name, $0.value) }
            guard let onEvent, answer.status == 200, Self.isStream(answer.headers["Content-Type"]) else {
                return ProviderReply(status: answer.status, headers: headers, try await ReplyReader.read(answer.body))
            }
            let last = try await ReplyReader.readEvents(answer.body) { parts in
                await onEvent(ProviderReply(status: answer.status, headers: headers, parts))
            }
            return ProviderReply(status: answer.status, headers: headers, last)
        } catch let error as UpstreamError {
            throw TransportError(error)
        } catch let error as SpoolError {
            throw TransportError(spool: error)
        } catch {
            throw .network("\(error)")
        }
    }

    private static func isStream(_ type: String?) -> Bool {
        type?.lowercased().hasPrefix("text/event-stream") ?? false
    }
}

extension TransportError {
    init(_ error: UpstreamError) {
        let reason: Reason =
            switch error.reason {
            case .answerTooLarge: .tooLarge
            case .cancelled: .canceled
            case .firstByteDeadline, .totalDeadline: .timeout
            // The same request meets the same refusal: only other settings help.
            case .invalidRequest, .addressRefused, .redirectRefused, .tooManyRedirects: .address(error.description)
            case .nameNotFound, .cannotConnect, .tlsFailed, .connectDeadline, .idleDeadline, .badAnswer,
                .connectionLost, .bodyFailed:
                .network(error.description)
            }
        self.init(reason, mayHaveBeenSent: error.mayHaveBeenSent)
    }

    /// Labelled, or `TransportError(.tooLarge)` would mean this one.
    init(spool error: SpoolError) {
        self =
            switch error {
            case .tooLarge: .tooLarge
            case .disk(let code, let action):
                .network("the answer could not be kept: \(action): \(String(cString: strerror(code)))")
            }
    }
}
