// An IPv4 or IPv6 address as its bytes.
internal import CUV
internal import Glibc

/// An IP address. An IPv4 address that was mapped into IPv6 is IPv4 here, so that a dual-stack listener names its peers plainly.
public struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64
    public let isIPv4: Bool

    /// 4 or 16 bytes in network order.
    public init?(bytes: some Collection<UInt8>) {
        var bytes = Array(bytes)
        if bytes.count == 16, bytes[0..<10].allSatisfy({ $0 == 0 }), bytes[10] == 255, bytes[11] == 255 {
            bytes.removeFirst(12)
        }
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        isIPv4 = bytes.count == 4
        let padded = isIPv4 ? bytes + [UInt8](repeating: 0, count: 12) : bytes
        high = padded[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = padded[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The usual text forms: `192.0.2.1`, `2001:db8::1`.
    public init?(_ text: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            self.init(bytes: bytes[0..<4])
        } else if inet_pton(AF_INET6, text, &bytes) == 1 {
            self.init(bytes: bytes)
        } else {
            return nil
        }
    }

    /// From the kernel's form, a `sockaddr`; nil when it is neither IPv4 nor IPv6.
    package init?(_ raw: UnsafeRawPointer) {
        switch Int32(raw.loadUnaligned(as: sockaddr.self).sa_family) {
        case AF_INET:
            let address = raw.loadUnaligned(as: sockaddr_in.self).sin_addr
            self.init(bytes: withUnsafeBytes(of: address) { Array($0) })
        case AF_INET6:
            let address = raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            self.init(bytes: withUnsafeBytes(of: address) { Array($0) })
        default: return nil
        }
    }

    /// 4 or 16 bytes in network order.
    public var bytes: [UInt8] {
        let all = [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } }
        return isIPv4 ? Array(all[0..<4]) : all
    }

    public var isLoopback: Bool { isIPv4 ? high >> 56 == 127 : high == 0 && low == 1 }

    public var description: String {
        if isIPv4 {
            // It is asked for with every request: no more work than four numbers are.
            return String(unsafeUninitializedCapacity: 15) { text in
                var count = 0
                func add(_ byte: UInt8) {
                    text[count] = byte
                    count += 1
                }
                for place in 0..<4 {
                    let number = UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * place))
                    if count > 0 { add(UInt8(ascii: ".")) }
                    if number >= 100 { add(UInt8(ascii: "0") + number / 100) }
                    if number >= 10 { add(UInt8(ascii: "0") + number / 10 % 10) }
                    add(UInt8(ascii: "0") + number % 10)
                }
                return count
            }
        }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(AF_INET6, bytes, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
