import Testing

@testable import EdgeRuntime

struct RouterTests {
    private let router: Router
    private let sha256 = String(repeating: "0123456789abcdef", count: 4)

    init() throws {
        let text = #"""
            {"functions": {
              "generate": {"run": ["g"], "routes": ["/generate"], "job": {}},
              "status": {"run": ["s"], "routes": ["/status", "/status/*", "/status/deep/er/*"]},
              "thumbs": {"run": ["t"], "routes": ["/status/deep/*"], "methods": ["POST", "GET"]},
              "all": {"run": ["a"], "routes": ["/*"]}
            }}
            """#
        router = Router(try Manifest.parse(Array(text.utf8)))
    }

    @Test(
        "A path leads to a function, which sees what is below",
        arguments: [
            ("/functions/v1/generate", "generate", "/"), ("/functions/v1/generate/", "generate", "/"),
            ("/functions/v1/status/a/b%20c", "status", "/a/b%20c"), ("/generate", "generate", "/"),
            ("/status", "status", "/"), ("/status/", "status", "/"), ("/status/x", "status", "/x"),
            ("/status/deep", "status", "/deep"), ("/status/deep/x", "thumbs", "/x"),
            ("/status/deep/er/x/y", "status", "/x/y"),
            ("/generate/x", "all", "/generate/x"), ("/", "all", "/"), ("/a/b/", "all", "/a/b/"),
            ("/...", "all", "/..."),
            ("/statuses", "all", "/statuses"), ("/a;b", "all", "/a;b"),
        ]
    )
    func functions(path: String, name: String, seen: String) {
        #expect(router.route(method: "GET", path: path) == .function(name: name, path: seen))
    }

    @Test func `the host's own paths are the host's`() {
        #expect(router.route(method: "GET", path: "/healthz") == .health)
        #expect(router.route(method: "HEAD", path: "/readyz") == .ready)
        #expect(router.route(method: "GET", path: "/metrics") == .metrics)
        #expect(router.route(method: "GET", path: "/images/\(sha256).png") == .image(sha256: sha256, suffix: "png"))
        #expect(router.route(method: "POST", path: "/healthz") == .methodNotAllowed(allow: ["GET", "HEAD", "OPTIONS"]))
        #expect(
            router.route(method: "DELETE", path: "/images/\(sha256).png")
                == .methodNotAllowed(allow: ["GET", "HEAD", "OPTIONS"])
        )
        #expect(router.route(method: "OPTIONS", path: "/healthz") == .options(allow: ["GET", "HEAD", "OPTIONS"]))
    }

    @Test(
        "Path tricks lead nowhere, even where a route takes all",
        arguments: [
            "", "x", "*", "//", "/a//b", "/functions/v1//generate", "/a/../b", "/a/..", "/./a", "/a/%2e%2e/b",
            "/a/%2E./b", "/.%2e",
            "/a/..;/b", "/a/..;x=1/b", "/a/.;/b", "/a%2fb", "/a%5Cb", "/a\\b", "/a%00", "/a%", "/a%2", "/a%zz", "/a b",
            "/é", "/a\u{1}b",
            "/_edge/admit", "/_edge", "/%5fedge/run", "/_EDGE/run", "/functions/v1/generate/_edge/admit",
            "/functions/v1/generate/%5Fedge/run", "/functions/v1/generate/_Edge", "/functions/v1/generate/_edge;x/run",
            "/status/_edge/run", "/functions", "/functions/", "/functions/v2/generate", "/images", "/images/",
            "/images/x.png", "/images/../secrets.env", "/images/..%2f..%2fsecrets.env", "/healthz/", "/healthz/x",
            "/metrics/x",
        ]
    )
    func nowhere(path: String) {
        #expect(router.route(method: "GET", path: path) == .notFound)
    }

    @Test func `an image's name is 64 lower-case digits and a plain suffix`() {
        for name in [
            sha256, sha256 + ".", sha256 + ".PNG", sha256.uppercased() + ".png", String(sha256.dropLast()) + ".png",
            "0" + sha256 + ".png", sha256 + ".png/x", sha256 + ".tar.gz", sha256 + ".toolongext",
        ] {
            #expect(router.route(method: "GET", path: "/images/" + name) == .notFound)
        }
    }

    @Test func `an unknown function is told apart from nothing`() {
        #expect(router.route(method: "GET", path: "/functions/v1/genrate") == .unknownFunction(name: "genrate"))
        #expect(router.route(method: "GET", path: "/functions/v1/Generate/x") == .unknownFunction(name: "Generate"))
        #expect(router.route(method: "GET", path: "/functions/v1/") == .unknownFunction(name: ""))
        #expect(router.route(method: "GET", path: "/functions/v1") == .unknownFunction(name: ""))
        #expect(router.route(method: "POST", path: "/functions/v1/%67enerate") == .unknownFunction(name: "%67enerate"))
        #expect(router.functionNames == ["generate", "status", "thumbs", "all"])
    }

    @Test func `methods are the entry's, for a job function GET and POST, else all`() {
        let jobAllow = ["GET", "HEAD", "POST", "OPTIONS"]
        #expect(router.route(method: "DELETE", path: "/generate") == .methodNotAllowed(allow: jobAllow))
        #expect(router.route(method: "OPTIONS", path: "/generate") == .options(allow: jobAllow))
        #expect(router.route(method: "HEAD", path: "/generate") == .function(name: "generate", path: "/"))
        #expect(router.route(method: "DELETE", path: "/status/x") == .function(name: "status", path: "/x"))
        #expect(router.route(method: "OPTIONS", path: "/status/x") == .function(name: "status", path: "/x"))
        #expect(
            router.route(method: "TRACE", path: "/status")
                == .methodNotAllowed(allow: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
        )
        #expect(
            router.route(method: "PUT", path: "/functions/v1/thumbs")
                == .methodNotAllowed(allow: ["POST", "GET", "HEAD", "OPTIONS"])
        )
        #expect(router.route(method: "OPTIONS", path: "*") == .options(allow: HTTPMethods.known))
    }

    @Test func `a path that nobody takes is nowhere`() throws {
        let router = Router(Manifest(functions: [FunctionEntry(name: "a", run: ["a"])]))

        #expect(router.route(method: "GET", path: "/") == .notFound)
        #expect(router.route(method: "GET", path: "/a") == .notFound)
        #expect(router.route(method: "GET", path: "/functions/v1/a") == .function(name: "a", path: "/"))
    }
}
