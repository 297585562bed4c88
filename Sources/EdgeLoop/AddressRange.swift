// Networks as people write them.
internal import Glibc

/// `10.0.0.0/8`, `::1`: a network, or one address. An IPv4 address equals its IPv4-mapped IPv6 form.
public struct AddressRange: Sendable, Equatable {
    private let address: [UInt8]  // 16 bytes, IPv4 as ::ffff:a.b.c.d; bits beyond the prefix are zero
    private let prefix: Int

    /// Reads an address with or without `/` and the bits of its network; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let (bytes, isIPv4) = Self.bytes(of: String(parts[0])) else { return nil }
        var prefix = 128
        if parts.count == 2 {
            let limit = isIPv4 ? 32 : 128
            guard parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let bits = Int(parts[1]), bits <= limit else {
                return nil
            }
            prefix = bits + 128 - limit
        }
        self.prefix = prefix
        address = Self.masked(bytes, to: prefix)
    }

    /// Whether the address, written as text, is in this network.
    package func contains(_ text: String) -> Bool { IPAddress(text).map(contains) ?? false }

    public func contains(_ other: IPAddress) -> Bool {
        let bytes = other.isIPv4 ? Self.mapped(other.bytes) : other.bytes
        return Self.masked(bytes, to: prefix) == address
    }

    private static func bytes(of text: String) -> (bytes: [UInt8], isIPv4: Bool)? {
        var ipv4 = in_addr()
        if inet_pton(AF_INET, text, &ipv4) == 1 {
            return (mapped(withUnsafeBytes(of: ipv4) { Array($0) }), true)
        }
        var ipv6 = in6_addr()
        guard inet_pton(AF_INET6, text, &ipv6) == 1 else { return nil }
        return (withUnsafeBytes(of: ipv6) { Array($0) }, false)
    }

    private static func mapped(_ ipv4: [UInt8]) -> [UInt8] {
        [UInt8](repeating: 0, count: 10) + [0xff, 0xff] + ipv4
    }

    private static func masked(_ bytes: [UInt8], to prefix: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let bits = min(max(prefix - index * 8, 0), 8)
            return byte & UInt8(truncatingIfNeeded: 0xff00 >> bits)
        }
    }
}
