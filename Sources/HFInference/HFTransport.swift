// The one thing that HFInference needs of the network, so that its answers can be scripted.

/// Sends one call and collects its answer. ``UpstreamTransport`` does it over libcurl.
public protocol HFTransport: Sendable {
    func send(_ call: HFCall) async throws(HFTransportError) -> HFReply
}

/// One HTTP request, complete.
public struct HFCall: Sendable, Equatable {
    public var method: String
    public var url: String
    public var headers: [HFHeader]
    public var body: [UInt8]
    /// The largest answer that is taken.
    public var answerBytesMax: Int
    /// From the call to the last byte.
    public var timeout: Duration

    public init(
        method: String,
        url: String,
        headers: [HFHeader],
        body: [UInt8],
        answerBytesMax: Int,
        timeout: Duration
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.answerBytesMax = answerBytesMax
        self.timeout = timeout
    }
}

public struct HFHeader: Sendable, Equatable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// One HTTP answer, whole.
public struct HFReply: Sendable, Equatable {
    public var status: Int
    public var headers: [HFHeader]
    public var body: [UInt8]

    public init(status: Int, headers: [HFHeader] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first value of a header, whatever the case of its name.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.utf8.count == name.utf8.count && $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Why no answer came.
public enum HFTransportError: Error, Sendable, Equatable {
    /// The answer grew beyond ``HFCall/answerBytesMax``.
    case tooLarge
    /// Connection, name look-up, an answer cut off: worth another attempt.
    case network(String)
    case timeout
    /// The address itself cannot be used: no attempt will help.
    case address(String)
    case canceled
}
