// The one thing that a provider needs of the network, so that its answers can be scripted.
internal import ImageFormats
public import JSON

/// Sends one call and takes its answer. ``UpstreamTransport`` does it over libcurl.
public protocol ProviderTransport: Sendable {
    func send(_ call: ProviderCall) async throws(TransportError) -> ProviderReply

    /// The same for a call whose answer may be an event stream: each event's data goes to `onEvent` as soon as it is whole, as if it
    /// were an answer, until that says false or the stream ends; the last one is the reply. Any other answer is the reply itself.
    func send(
        _ call: ProviderCall,
        onEvent: @escaping @Sendable (ProviderReply) async -> Bool
    ) async throws(TransportError) -> ProviderReply
}

extension ProviderTransport {
    public func send(
        _ call: ProviderCall,
        onEvent: @escaping @Sendable (ProviderReply) async -> Bool
    ) async throws(TransportError) -> ProviderReply {
        try await send(call)
    }
}

/// One HTTP request, complete.
public struct ProviderCall: Sendable, Equatable {
    /// Who may be called.
    public enum Target: Sendable, Equatable {
        /// What the settings name; may be on this machine.
        case provider
        /// What an answer named: never this machine's own network, unless the settings list it.
        case result
    }

    public var method: String
    public var url: String
    public var headers: [ProviderHeader]
    public var body: [UInt8]
    /// The largest answer that is taken.
    public var answerBytesMax: Int
    /// From the call to the last byte.
    public var timeout: Duration
    /// From the last byte that was sent to the head of the answer; nil: as long as the whole may take, as for a model that works.
    public var headTimeout: Duration?
    /// Between two pieces of the answer; nil: the usual, for an answer that comes in one go.
    public var idleTimeout: Duration?
    public var target: Target

    public init(
        method: String,
        url: String,
        headers: [ProviderHeader] = [],
        body: [UInt8] = [],
        answerBytesMax: Int,
        timeout: Duration,
        headTimeout: Duration? = nil,
        target: Target = .provider
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.answerBytesMax = answerBytesMax
        self.timeout = timeout
        self.headTimeout = headTimeout
        self.target = target
    }
}

public struct ProviderHeader: Sendable, Equatable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// One HTTP answer, whole.
public struct ProviderReply: Sendable, Equatable {
    public var status: Int
    public var headers: [ProviderHeader]
    /// As it came; of a JSON body, without the pictures inside it; of a large other one, its first bytes (``result`` has all).
    public var body: [UInt8]
    private var whole: ResultBytes?
    /// What was taken out of a JSON body; nil for one that is damaged.
    private var pictures: [ResultBytes?] = []

    public init(status: Int, headers: [ProviderHeader] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    init(status: Int, headers: [ProviderHeader], _ parts: ReplyBody.Parts) {
        self.init(status: status, headers: headers, body: parts.body)
        whole = parts.whole
        pictures = parts.pictures
    }

    /// The first value of a header, whatever the case of its name.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.utf8.count == name.utf8.count && $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The body as JSON; nil when it is none.
    public var json: JSONValue? { ImageFault.isJSON(body) ? try? JSONValue.parse(body) : nil }

    /// The whole body as a result.
    public var result: ResultBytes { whole ?? ResultBytes(body) }

    /// The result in base64, with or without `data:...;base64,` before it, that ``json`` has at some member.
    /// - Parameter text: the member's value.
    /// - Returns: nil when it is no base64, or is damaged.
    public func result(inBase64 text: String) -> ResultBytes? {
        if let number = JSONTap.picture(namedBy: text) {
            return pictures.indices.contains(number) ? pictures[number] : nil
        }
        var text = text[...]
        if text.hasPrefix("data:"), let comma = text.firstIndex(of: ",") { text = text[text.index(after: comma)...] }
        return Base64.decode(String(text)).map { ResultBytes($0) }
    }
}

/// Why no answer came.
public struct TransportError: Error, Sendable, Equatable {
    public enum Reason: Sendable, Equatable {
        /// The answer grew beyond ``ProviderCall/answerBytesMax``.
        case tooLarge
        /// Connection, name look-up, an answer cut off: worth another attempt.
        case network(String)
        case timeout
        /// The address itself cannot be used: no attempt will help.
        case address(String)
        case canceled
    }

    public let reason: Reason
    /// False only when it is certain that nobody got the request.
    public let mayHaveBeenSent: Bool

    public init(_ reason: Reason, mayHaveBeenSent: Bool = true) {
        self.reason = reason
        self.mayHaveBeenSent = mayHaveBeenSent
    }

    public static let tooLarge = TransportError(.tooLarge)
    public static let timeout = TransportError(.timeout)
    public static let canceled = TransportError(.canceled)
    public static func network(_ text: String) -> TransportError { TransportError(.network(text)) }
    public static func address(_ text: String) -> TransportError {
        TransportError(.address(text), mayHaveBeenSent: false)
    }
}
