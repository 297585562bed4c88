import EdgeLoop
import Testing

@testable import EdgeRuntime

struct BaseURLTests {
    private let trusting = BaseURL(publicURL: nil, trustedProxies: ["10.0.0.0/8"].compactMap(AddressRange.init))

    @Test func `a public URL always wins`() {
        let base = BaseURL(publicURL: "https://images.example", trustedProxies: [])

        #expect(base.text(for: .init(peer: "10.0.0.1", host: "other")) == "https://images.example")
    }

    @Test func `forwarded headers of a trusted proxy come before Host`() {
        let origin = BaseURL.Origin(
            peer: "10.1.2.3",
            host: "inner:8787",
            forwardedProto: "HTTPS, http",
            forwardedHost: "app.example, inner"
        )

        #expect(trusting.text(for: origin) == "https://app.example")
    }

    @Test func `forwarded headers of anybody else are not believed`() {
        let origin = BaseURL.Origin(
            peer: "192.0.2.1",
            host: "host.example:8787",
            forwardedProto: "https",
            forwardedHost: "evil.example"
        )

        #expect(trusting.text(for: origin) == "http://host.example:8787")
    }

    @Test("A host that could break out of a URL is not used", arguments: ["a/b", "a b", "a\"b", "a?b", "", "ä"])
    func badHost(host: String) {
        #expect(trusting.text(for: .init(peer: nil, host: host)) == "http://localhost")
    }

    @Test func `an IPv6 host keeps its brackets`() {
        #expect(trusting.text(for: .init(peer: nil, host: "[::1]:8787")) == "http://[::1]:8787")
    }
}
