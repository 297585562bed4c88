// Whose address a request comes from, behind proxies that are trusted and those that are not.
package import EdgeLoop

/// Goes back through the proxies that a request came by, from the nearest one, for as long as they are trusted.
package enum ClientAddress {
    /// Proxies that are looked through.
    package static let hopsMax = 32

    /// - Parameters:
    ///   - peer: who is connected.
    ///   - trusted: whose word on the hop before is believed.
    package static func of(
        peer: IPAddress,
        forwardedFor: String?,
        forwarded: String?,
        trusted: [AddressRange]
    ) -> IPAddress {
        guard trusted.contains(where: { $0.contains(peer) }) else { return peer }
        let plain = forwardedFor.map { walk(from: peer, hops($0), trusted) }
        let standard = forwarded.map { walk(from: peer, forwardedHops($0), trusted) }
        // A proxy writes one of the two and passes the other on as the client sent it. Where they differ none is believed.
        if let plain, let standard, plain != standard { return peer }
        return plain ?? standard ?? peer
    }

    /// What limits and log lines count a stranger by: a network of IPv6 gives each customer 2^64 addresses, so the first half counts.
    package static func id(of address: IPAddress) -> String {
        guard !address.isIPv4, let network = IPAddress(bytes: address.bytes.prefix(8) + [UInt8](repeating: 0, count: 8))
        else { return "ip:\(address)" }
        return "ip:\(network)/64"
    }

    /// The nearest hop that is not trusted; else the farthest that could be read.
    private static func walk(from peer: IPAddress, _ hops: [Substring], _ trusted: [AddressRange]) -> IPAddress {
        var last = peer
        for hop in hops.reversed().prefix(hopsMax) {
            guard let address = address(hop) else { break }
            last = address
            guard trusted.contains(where: { $0.contains(address) }) else { break }
        }
        return last
    }

    private static func hops(_ value: String) -> [Substring] {
        value.split(separator: ",", omittingEmptySubsequences: false)
    }

    /// The `for` of each element (RFC 7239); an element without one is a hop that cannot be read.
    private static func forwardedHops(_ value: String) -> [Substring] {
        HeaderPieces.of(value[...], at: ",").map { element in
            for pair in HeaderPieces.of(element, at: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, HeaderPieces.trimmed(parts[0]).lowercased() == "for" else { continue }
                let name = HeaderPieces.trimmed(parts[1])
                guard name.hasPrefix("\"") else { return name }
                return name.count >= 2 && name.hasSuffix("\"") ? name.dropFirst().dropLast() : ""
            }
            return ""
        }
    }

    /// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
    private static func address(_ hop: Substring) -> IPAddress? {
        let hop = HeaderPieces.trimmed(hop)
        guard hop.utf8.count <= 64 else { return nil }
        if hop.hasPrefix("[") {
            guard let end = hop.firstIndex(of: "]") else { return nil }
            let rest = hop[hop.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            return IPAddress(String(hop[hop.index(after: hop.startIndex)..<end]))
        }
        if hop.utf8.count(where: { $0 == UInt8(ascii: ":") }) == 1, let colon = hop.firstIndex(of: ":") {
            return IPAddress(String(hop[..<colon]))
        }
        return IPAddress(String(hop))
    }
}
