// A request that could be read in two ways is not sent.

extension UpstreamRequest {
    /// Set by the transfer itself; a caller's own would contradict it.
    private static let framingHeaders = [
        "content-length", "transfer-encoding", "connection", "host", "expect", "te", "trailer", "upgrade", "keep-alive",
        "proxy-connection",
    ]

    /// What is wrong with method or headers; nil: nothing.
    var mistake: String? {
        guard Self.isToken(method), !method.utf8.contains(where: { (0x61...0x7a).contains($0) }) else {
            return "the method must be a word in capitals such as GET or POST"
        }
        guard method != "CONNECT", method != "TRACE" else { return "the method \(method) is not supported" }
        for (name, value) in headers {
            guard Self.isToken(name) else { return "a header name has characters that are not allowed in one" }
            if Self.framingHeaders.contains(where: { isSameName($0, name) }) {
                return "the header \(name) is set by the transfer itself; leave it out"
            }
            guard !value.utf8.contains(where: { $0 == 0x0d || $0 == 0x0a || $0 == 0 }) else {
                return "the value of \(name) holds a line break or a NUL"
            }
        }
        return nil
    }

    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
