import EdgeLoop
import Testing

@testable import EdgeRuntime

struct ManifestValuesTests {
    @Test func `networks hold their addresses, IPv4 in both forms`() throws {
        let ten = try #require(AddressRange("10.0.0.0/8"))
        let one = try #require(AddressRange("::1"))
        let odd = try #require(AddressRange("192.168.1.128/25"))

        #expect(ten.contains("10.255.0.1") && ten.contains("::ffff:10.0.0.1") && !ten.contains("11.0.0.1"))
        #expect(one.contains("::1") && !one.contains("::2") && !one.contains("x"))
        #expect(odd.contains("192.168.1.200") && !odd.contains("192.168.1.127"))
        #expect(try #require(AddressRange("0.0.0.0/0")).contains("1.2.3.4"))
        #expect(AddressRange("10.0.0.0/") == nil && AddressRange("10.0.0/8") == nil && AddressRange("::/129") == nil)
    }

    @Test(
        "Web addresses become what browsers send",
        arguments: [
            ("https://App.Example", "https://app.example"), ("HTTP://localhost:80/", "http://localhost"),
            ("https://a.example:8443/Edge/", "https://a.example:8443/Edge"), ("http://[::1]:3000", "http://[::1]:3000"),
        ]
    )
    func webAddresses(text: String, normal: String) {
        #expect(WebAddress.normalized(text) == normal)
    }

    @Test(
        "Other texts are no web addresses",
        arguments: [
            "", "app.example", "ftp://a", "https://", "https://a:b@c", "https://a?x", "https://a#x", "https://a:0",
            "https://a:70000",
            "https://a b", "https://[::1", "https://[1.2.3.4]", "https://a/ b", "https://é.example",
            "https://*.example",
        ]
    )
    func notWebAddresses(text: String) {
        #expect(WebAddress.normalized(text) == nil)
    }

    @Test func `a program is looked for beside edge, then in the manifest's folder, then on PATH`() throws {
        let present: [String: ProgramFinder.Finding] = [
            "/app/thumbs": .program, "/usr/bin/node": .program, "/opt/edge/generate": .program,
            "/app/generate": .program,
            "/app/node": .notExecutable, "/app/bin/x": .program,
        ]
        let finder = ProgramFinder(
            programFolder: "/opt/edge",
            manifestFolder: "/app",
            searchPath: "/usr/local/bin:.::/usr/bin",
            look: { present[$0] ?? .nothing }
        )

        #expect(try finder.find("generate") == "/opt/edge/generate")
        #expect(try finder.find("thumbs") == "/app/thumbs")
        #expect(try finder.find("node") == "/usr/bin/node")
        #expect(try finder.find("bin/x") == "/app/bin/x")
        #expect(try finder.find("/usr/bin/node") == "/usr/bin/node")
    }

    @Test func `a program that is not there is an error that names the places`() {
        let finder = ProgramFinder(
            programFolder: "/opt/edge",
            manifestFolder: "/app",
            searchPath: "/usr/bin",
            look: { $0 == "/app/plain" ? .notExecutable : .nothing }
        )

        let missing = #expect(throws: ProgramNotFound.self) { try finder.find("x") }
        #expect(
            missing?.description
                == #"there is no program "x"; looked at /opt/edge/x, /app/x, /usr/bin/x; build or install it, or correct run "#
                + "in functions.json"
        )

        let plain = #expect(throws: ProgramNotFound.self) { try finder.find("plain") }
        #expect(plain?.description == "/app/plain is there but may not be executed; run: chmod +x /app/plain")
    }

    @Test func `files are told apart on the real file system`() {
        #expect(ProgramFinder.lookAtFile("/bin/sh") == .program)
        #expect(ProgramFinder.lookAtFile("/etc/passwd") == .notExecutable)
        #expect(ProgramFinder.lookAtFile("/etc") == .nothing)
        #expect(ProgramFinder.lookAtFile("/nowhere") == .nothing)
        #expect(ProgramFinder.folderOfThisProgram()?.hasPrefix("/") == true)
    }
}
