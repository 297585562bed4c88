import Testing

@testable import EdgeRuntime

struct ServeOptionsTests {
    @Test func `defaults are loopback, 8787 and .edge`() throws {
        let options = try ServeOptions(flags: []) { _ in nil }

        #expect(options.host == nil)
        #expect(options.port == 8787)
        #expect(options.state == ".edge")
        #expect(options.log == nil)
    }

    @Test func `a flag wins over the environment`() throws {
        let options = try ServeOptions(flags: [("port", "1"), ("state", "a")]) {
            ["EDGE_PORT": "2", "EDGE_STATE": "b"][$0]
        }

        #expect(options.port == 1)
        #expect(options.state == "a")
    }

    @Test func `a platform's PORT means all interfaces, unless somebody named a host`() throws {
        let platform = try ServeOptions(flags: []) { ["PORT": "8080"][$0] }
        let named = try ServeOptions(flags: [("host", "127.0.0.1")]) { ["PORT": "8080"][$0] }
        let flag = try ServeOptions(flags: [("port", "9")]) { ["PORT": "8080"][$0] }

        #expect(platform.port == 8080)
        #expect(platform.host == "::")
        #expect(named.host == "127.0.0.1")
        #expect(flag.port == 9)
    }

    @Test(
        "A mistake names its source and what is allowed",
        arguments: [
            ("port", "70000", "--port", "65535"), ("port", "x", "--port", "65535"),
            ("public-url", "ftp://x", "--public-url", "https://"),
            ("log", "xml", "--log", "json or text"),
        ]
    )
    func mistakes(flag: String, value: String, source: String, allowed: String) {
        do {
            _ = try ServeOptions(flags: [(flag, value)]) { _ in nil }
            Issue.record("\(value) was taken")
        } catch {
            #expect(error.description.contains(source))
            #expect(error.description.contains(allowed))
        }
    }
}
