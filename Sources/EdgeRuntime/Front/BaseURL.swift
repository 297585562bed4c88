// The absolute URL that a client reached this host by.
internal import EdgeLoop

/// What absolute URLs in an answer begin with. Worked out anew for each request, and stored nowhere: the same job may be asked for
/// by another name tomorrow.
struct BaseURL: Sendable {
    /// `--public-url` or `host.publicURL`: always wins.
    let publicURL: String?
    /// Peers whose forwarded headers are believed.
    let trustedProxies: [AddressRange]

    /// What a request tells about how it came here.
    struct Origin: Sendable {
        /// The connected peer's address as text; nil for a Unix socket.
        var peer: String?
        var host: String?
        var forwardedProto: String?
        var forwardedHost: String?
    }

    func text(for origin: Origin) -> String {
        if let publicURL { return publicURL }
        let isTrusted = origin.peer.map { peer in trustedProxies.contains { $0.contains(peer) } } ?? false
        let proto = isTrusted ? origin.forwardedProto.map(Self.first) : nil
        let host = isTrusted ? origin.forwardedHost.map(Self.first) : nil
        return (proto == "https" ? "https" : "http") + "://"
            + (host.flatMap(Self.plain) ?? origin.host.flatMap(Self.plain) ?? "localhost")
    }

    /// A chain of proxies appends: the first entry is what the client used.
    private static func first(_ value: String) -> String {
        HeaderList.trimmed(value.prefix { $0 != "," }).lowercased()
    }

    /// A host name goes into answers as it is, so it may hold nothing that could end a URL or a header line.
    private static func plain(_ host: String) -> String? {
        let isPlain = host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "["),
                UInt8(ascii: "]"):
                true
            default: false
            }
        }
        return isPlain && !host.isEmpty && host.utf8.count <= 255 ? host : nil
    }
}
