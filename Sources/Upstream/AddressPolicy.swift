// Which addresses may be called.
public import EdgeLoop

/// Decides whether an upstream's address may be connected to. Link-local and metadata addresses may not, unless they are listed.
public struct AddressPolicy: Sendable, Equatable {
    /// Why an address is not called.
    public enum Refusal: Sendable, Equatable {
        case linkLocal, metadata, loopback, privateNetwork
    }

    /// This machine itself: 127.0.0.0/8, ::1, and the unspecified addresses, which lead there.
    public var allowsLoopback = true
    /// 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7.
    public var allowsPrivate = true

    /// Networks that may be called whatever else is refused.
    public var allowed: [AddressRange] = []

    public init(allowsLoopback: Bool = true, allowsPrivate: Bool = true, allowed: [AddressRange] = []) {
        self.allowsLoopback = allowsLoopback
        self.allowsPrivate = allowsPrivate
        self.allowed = allowed
    }

    /// nil when the address may be called. An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4) is judged as itself.
    public func refusal(of address: IPAddress) -> Refusal? {
        let bytes = address.bytes
        if allowed.contains(where: { $0.contains(address) }) { return nil }
        guard !address.isIPv4 else { return refusal(ofIPv4: bytes) }
        if bytes[0] == 0xfe, bytes[1] & 0xc0 == 0x80 { return .linkLocal }
        if Self.metadataIPv6.contains(bytes) { return .metadata }
        if bytes.dropLast().allSatisfy({ $0 == 0 }), bytes[15] <= 1 { return allowsLoopback ? nil : .loopback }
        if bytes[0] & 0xfe == 0xfc { return allowsPrivate ? nil : .privateNetwork }
        return Self.embeddedIPv4(bytes).flatMap { IPAddress(bytes: $0) }.flatMap { refusal(of: $0) }
    }

    private func refusal(ofIPv4 bytes: [UInt8]) -> Refusal? {
        switch (bytes[0], bytes[1], bytes[2], bytes[3]) {
        case (169, 254, _, _): .linkLocal
        // Besides 169.254.169.254, which is link-local: Alibaba, Oracle, Azure.
        case (100, 100, 100, 200), (192, 0, 0, 192), (168, 63, 129, 16): .metadata
        case (127, _, _, _), (0, _, _, _): allowsLoopback ? nil : .loopback
        case (10, _, _, _), (172, 16...31, _, _), (192, 168, _, _), (100, 64...127, _, _):
            allowsPrivate ? nil : .privateNetwork
        default: nil
        }
    }

    /// AWS fd00:ec2::254, Google fd20:ce::254.
    private static let metadataIPv6: [[UInt8]] = [
        [0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54],
        [0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54],
    ]

    private static func embeddedIPv4(_ bytes: [UInt8]) -> [UInt8]? {
        let nat64: [UInt8] = [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]
        if bytes.starts(with: nat64) { return Array(bytes[12...]) }
        if bytes[0..<12].allSatisfy({ $0 == 0 }) { return Array(bytes[12...]) }  // IPv4-compatible, long deprecated
        if bytes[0] == 0x20, bytes[1] == 0x02 { return Array(bytes[2..<6]) }
        return nil
    }
}
