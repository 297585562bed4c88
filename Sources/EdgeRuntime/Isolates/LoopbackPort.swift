// A free loopback port for a function that listens on PORT.
internal import EdgeLoop
internal import Glibc

/// Ports outside the range from which the kernel takes the ports of outgoing connections: a client that connects to a port
/// of that range before anybody listens there can be connected to itself, and would take that for a ready function.
@LoopActor
enum LoopbackPort {
    /// Ports of processes that have not ended.
    private static var taken: Set<UInt16> = []
    nonisolated static let triesMax = 64

    /// Picks one that nobody listens on; give it back with ``release(_:)``.
    static func take() throws(SystemError) -> UInt16 {
        let range = candidates(outgoing: outgoingRange())
        for _ in 0..<triesMax {
            let port = UInt16.random(in: range)
            guard !taken.contains(port), isFree(port) else { continue }
            taken.insert(port)
            return port
        }
        throw SystemError(code: EADDRINUSE, doing: "looking for a free loopback port from \(range)")
    }

    static func release(_ port: UInt16) { taken.remove(port) }

    static func addresses(_ port: UInt16) -> [SocketAddress] {
        ["127.0.0.1", "::1"].compactMap { IPAddress($0) }.map { .ip($0, port: port) }
    }

    /// The larger part of the ports above 10,000 that is not in `outgoing`; with hardly any left, all of them.
    nonisolated static func candidates(outgoing: ClosedRange<UInt16>) -> ClosedRange<UInt16> {
        let lowest: UInt16 = 10_000
        let below = Int(outgoing.lowerBound) - Int(lowest)
        let above = Int(UInt16.max) - Int(outgoing.upperBound)
        guard max(below, above) >= triesMax else { return lowest...UInt16.max }
        return below >= above ? lowest...(outgoing.lowerBound - 1) : (outgoing.upperBound + 1)...UInt16.max
    }

    private static func outgoingRange() -> ClosedRange<UInt16> {
        let usual: ClosedRange<UInt16> = 32_768...60_999
        let file = open("/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return usual }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: 64)
        let count = read(file, &text, text.count)
        guard count > 0 else { return usual }
        let numbers = text[..<count].split { !(48...57).contains($0) }.compactMap {
            UInt16(String(decoding: $0, as: UTF8.self))
        }
        guard numbers.count == 2, numbers[0] <= numbers[1] else { return usual }
        return numbers[0]...numbers[1]
    }

    private static func isFree(_ port: UInt16) -> Bool {
        for address in addresses(port) {
            do {
                try Listener(address).close()
            } catch {
                if error.code == EADDRINUSE { return false }  // a machine without IPv6 gives another error
            }
        }
        return true
    }
}
