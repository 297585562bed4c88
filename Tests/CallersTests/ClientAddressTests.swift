import EdgeLoop
import Testing

@testable import Callers

struct ClientAddressTests {
    private let trusted = ["10.0.0.0/8", "2001:db8:ffff::/48"].compactMap { AddressRange($0) }

    private func client(_ peer: String, _ forwardedFor: String?, _ forwarded: String? = nil) throws -> String {
        let peer = try #require(IPAddress(peer))
        return ClientAddress.of(peer: peer, forwardedFor: forwardedFor, forwarded: forwarded, trusted: trusted)
            .description
    }

    @Test(
        "X-Forwarded-For",
        arguments: [
            ("192.0.2.9", "203.0.113.7", "192.0.2.9"),  // nobody trusts this peer
            ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("10.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),  // what the client itself sent is not believed
            ("10.0.0.1", "198.51.100.1, 203.0.113.7, 10.9.9.9", "203.0.113.7"),
            ("10.0.0.1", "10.1.1.1, 10.9.9.9", "10.1.1.1"),
            ("10.0.0.1", "203.0.113.7:4711", "203.0.113.7"),
            ("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
            ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
            ("2001:db8:ffff::1", "203.0.113.7", "203.0.113.7"),
            ("10.0.0.1", "203.0.113.7, garbage", "10.0.0.1"),
            ("10.0.0.1", "203.0.113.7, , 10.0.0.2", "10.0.0.2"),
            ("10.0.0.1", "", "10.0.0.1"),
        ]
    )
    func walksBack(peer: String, value: String, expected: String) throws {
        #expect(try client(peer, value) == expected)
    }

    @Test(
        "Forwarded",
        arguments: [
            ("for=203.0.113.7", "203.0.113.7"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=198.51.100.1, for=203.0.113.7;proto=https;by=10.0.0.1", "203.0.113.7"),
            ("proto=https; for=203.0.113.7", "203.0.113.7"),
            ("for=203.0.113.7, for=10.3.3.3", "203.0.113.7"),
            ("for=203.0.113.7, for=unknown", "10.0.0.1"),
            ("for=203.0.113.7, for=_hidden", "10.0.0.1"),
            ("for=203.0.113.7;host=\"a, for=198.51.100.1\"", "203.0.113.7"),
            ("for=203.0.113.7;host=\"a\\\", for=198.51.100.1\"", "203.0.113.7"),
            ("proto=https", "10.0.0.1"), ("for=\"", "10.0.0.1"),
        ]
    )
    func walksBackForwarded(value: String, expected: String) throws {
        #expect(try client("10.0.0.1", nil, value) == expected)
    }

    @Test func `where the two fields differ neither is believed`() throws {
        #expect(try client("10.0.0.1", "203.0.113.7", "for=203.0.113.7") == "203.0.113.7")
        #expect(try client("10.0.0.1", "203.0.113.7", "for=198.51.100.1") == "10.0.0.1")
    }

    @Test func `a chain longer than is looked through ends in a proxy`() throws {
        let chain = (["203.0.113.7"] + Array(repeating: "10.0.0.2", count: 200)).joined(separator: ",")

        #expect(try client("10.0.0.1", chain) == "10.0.0.2")
    }

    @Test func `IPv6 is counted by its first 64 bits`() throws {
        let first = try #require(IPAddress("2001:db8:1:2:3:4:5:6"))
        let second = try #require(IPAddress("2001:db8:1:2:ffff::9"))
        let mapped = try #require(IPAddress("::ffff:192.0.2.1"))

        #expect(ClientAddress.id(of: first) == "ip:2001:db8:1:2::/64")
        #expect(ClientAddress.id(of: first) == ClientAddress.id(of: second))
        #expect(ClientAddress.id(of: mapped) == "ip:192.0.2.1")
    }
}
