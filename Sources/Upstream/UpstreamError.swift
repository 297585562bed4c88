// Why a call failed, in a sentence, and whether the upstream may have seen it.

/// A call that has no complete answer.
public struct UpstreamError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Reason: Error, Sendable, Equatable {
        /// The request cannot be sent as it is.
        case invalidRequest(String)
        /// The host name has no address.
        case nameNotFound
        /// Nothing answers at the address, or a proxy refused.
        case cannotConnect(String)
        /// The host's address is one that must not be called: link-local, metadata, or what the policy refuses.
        case addressRefused(String)
        /// TLS failed; most often the certificate.
        case tlsFailed(String)
        case connectDeadline(Duration)
        case firstByteDeadline(Duration)
        case idleDeadline(Duration)
        case totalDeadline(Duration)
        case answerTooLarge(bytesMax: Int)
        /// The answer is not HTTP, or its head has no end.
        case badAnswer(String)
        /// The connection ended before the answer did.
        case connectionLost(String)
        case tooManyRedirects(max: Int)
        case redirectRefused(String)
        /// The stream that gives the request's body failed.
        case bodyFailed(String)
        /// The task was cancelled, or the answer was let go before its end.
        case cancelled
    }

    public let reason: Reason
    /// Scheme, host and port of the URL that failed: paths and queries can hold secrets. Empty for a URL that cannot be read.
    public let origin: String
    /// False only when it is certain that no upstream got this request: then it can be sent again without paying twice.
    public let mayHaveBeenSent: Bool

    public init(_ reason: Reason, origin: String, mayHaveBeenSent: Bool) {
        self.reason = reason
        self.origin = origin
        self.mayHaveBeenSent = mayHaveBeenSent
    }

    public var description: String { origin.isEmpty ? sentence : "\(origin): \(sentence)" }

    private var sentence: String {
        switch reason {
        case .invalidRequest(let why): "the request was not sent: \(why)"
        case .nameNotFound: "the host name has no address; check the URL and this machine's DNS"
        case .cannotConnect(let why): "no connection: \(why)"
        case .addressRefused(let address): "the address \(address) is not one that may be called"
        case .tlsFailed(let why): "no secure connection: \(why)"
        case .connectDeadline(let limit): "no connection within \(limit)"
        case .firstByteDeadline(let limit): "connected, but no answer began within \(limit)"
        case .idleDeadline(let limit): "the transfer stood still for \(limit)"
        case .totalDeadline(let limit): "the call was not complete after \(limit)"
        case .answerTooLarge(let most): "the answer is larger than the \(most) bytes allowed"
        case .badAnswer(let why): "the answer is not valid HTTP: \(why)"
        case .connectionLost(let why): "the connection ended before the answer was complete: \(why)"
        case .tooManyRedirects(let most): "more than \(most) redirects"
        case .redirectRefused(let why): "a redirect was not followed: \(why)"
        case .bodyFailed(let why): "the request's body could not be read: \(why)"
        case .cancelled: "the call was cancelled"
        }
    }
}
