import EdgeLoop
import Testing
import Upstream

struct AddressPolicyTests {
    @Test(
        "Link-local and metadata addresses are refused in every disguise",
        arguments: [
            "169.254.0.1", "169.254.169.254", "::ffff:169.254.169.254", "::169.254.169.254", "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1", "fe80::1", "febf::1", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200",
            "168.63.129.16",
        ]
    )
    func refused(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(AddressPolicy().refusal(of: address) != nil)
    }

    @Test(
        "All else may be called",
        arguments: ["127.0.0.1", "::1", "10.0.0.1", "fd00::1", "1.1.1.1", "2606:4700::1", "fec0::1"]
    )
    func allowed(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(AddressPolicy().refusal(of: address) == nil)
    }

    @Test(
        "A stricter policy refuses this machine and its network",
        arguments: [
            ("127.9.9.9", AddressPolicy.Refusal.loopback), ("0.0.0.0", .loopback), ("::1", .loopback),
            ("::", .loopback),
            ("::ffff:127.0.0.1", .loopback), ("10.1.2.3", .privateNetwork), ("172.31.0.1", .privateNetwork),
            ("192.168.0.1", .privateNetwork), ("100.64.0.1", .privateNetwork), ("fd12::1", .privateNetwork),
        ]
    )
    func strict(text: String, refusal: AddressPolicy.Refusal) throws {
        let address = try #require(IPAddress(text))
        #expect(AddressPolicy(allowsLoopback: false, allowsPrivate: false).refusal(of: address) == refusal)
    }

    @Test(
        "A listed network may be called whatever it is",
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("::ffff:127.0.0.1", "127.0.0.0/8"), ("10.1.2.3", "10.0.0.0/8"),
            ("169.254.169.254", "169.254.169.254"), ("64:ff9b::a01:203", "10.0.0.0/8"), ("fd12::1", "fd00::/8"),
        ]
    )
    func listed(text: String, network: String) throws {
        let address = try #require(IPAddress(text))
        var policy = AddressPolicy(allowsLoopback: false, allowsPrivate: false)
        #expect(policy.refusal(of: address) != nil)
        policy.allowed = [try #require(AddressRange(network))]

        #expect(policy.refusal(of: address) == nil)
        #expect(policy.refusal(of: try #require(IPAddress("192.168.0.1"))) == .privateNetwork)
    }

    @Test(
        "A stricter policy allows the internet",
        arguments: ["172.32.0.1", "11.0.0.1", "100.128.0.1", "2606:4700::1"]
    )
    func internet(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(AddressPolicy(allowsLoopback: false, allowsPrivate: false).refusal(of: address) == nil)
    }
}
