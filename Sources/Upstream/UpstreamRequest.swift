// What to ask of an upstream, and the limits for it.
internal import EdgeLoop

/// One HTTP request with everything that limits it.
public struct UpstreamRequest: Sendable, CustomStringConvertible {
    /// The body of a request.
    public enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// Pulled piece by piece as the connection takes it; nil ends it. With no length it is sent in chunks.
        /// It cannot be sent twice, so a redirect that would repeat it is an error.
        case stream(length: Int?, next: @LoopActor @Sendable () async throws -> [UInt8]?)
    }

    /// An HTTP method in capitals.
    public var method: String
    /// An absolute http or https URL without user name or password.
    public var url: String
    /// Content-Length, Host and what else frames a message is not set here.
    public var headers: UpstreamHeaders
    public var body: Body
    public var deadlines = UpstreamDeadlines()
    /// The largest answer body in bytes.
    public var answerBytesMax = 64 << 20
    /// The most redirects that are followed; 0 returns the redirecting answer itself.
    public var redirectsMax = 5
    /// Origins such as `https://cdn.example.com` that a redirect may lead to besides the URL's own.
    public var redirectOrigins: [String] = []
    /// Headers that never go to another origin, besides Authorization, apikey, x-api-key, Cookie and Proxy-Authorization.
    public var credentialHeaders: [String] = []

    /// Method and origin alone: paths, queries, headers and bodies can hold secrets.
    public var description: String { "\(method) \((try? UpstreamURL(url))?.origin ?? "a URL that cannot be read")" }

    public init(_ method: String = "GET", _ url: String, headers: UpstreamHeaders = [:], body: Body = .none) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}
