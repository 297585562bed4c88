import EdgeLoop
import FileReading
import Testing

@testable import EdgeRuntime

struct ManifestTests {
    private func parse(_ text: String) throws(FileMistakes) -> Manifest {
        try Manifest.parse(Array(text.utf8))
    }

    private func messages(_ text: String) -> [String] {
        do {
            _ = try parse(text)
            return []
        } catch {
            return error.errors.map(\.description)
        }
    }

    /// The mistakes of one function entry, without file and line.
    private func mistakes(_ entry: String) -> [String] {
        messages("{\"functions\": {\"f\": \(entry)}}").map {
            String($0.dropFirst("functions.json:1: functions.".count))
        }
    }

    @Test func `an empty manifest has every default of the host and no function`() throws {
        let manifest = try parse("{}")

        #expect(manifest == Manifest())
        #expect(manifest.host.origins == .any)
        #expect(manifest.host.publicURL == nil)
        #expect(manifest.host.trustedProxies.isEmpty)
        #expect(manifest.host.cacheBytes == 2 << 30)
        #expect(manifest.host.drain == .seconds(8))
        #expect(manifest.host.bodyMemoryBytes == 64 << 20)
    }

    @Test func `fields with pictures and the APIs that a function speaks are read`() throws {
        let text = #"{"run": ["f"], "job": {"inputs": ["image", "mask"]}, "speaks": ["openai", "huggingface"]}"#
        let entry = try #require(try parse("{\"functions\": {\"f\": \(text)}}")["f"])

        #expect(entry.job?.inputs == ["image", "mask"])
        #expect(entry.speaks == [.openai, .huggingface])
        #expect(mistakes(#"{"run": ["f"], "speaks": ["openai"]}"#).first?.contains("only a job function") == true)
        #expect(
            mistakes(#"{"run": ["f"], "job": {}, "speaks": ["openia"]}"#).first?.contains("did you mean \"openai\"?")
                == true
        )
        #expect(mistakes(#"{"run": ["f"], "tokens": ["a"]}"#).first?.contains("only a job function") == true)
        #expect(
            mistakes(#"{"run": ["f"], "job": {}, "tokens": ["A b"]}"#).first?.contains("no provider's name") == true
        )
        #expect(mistakes(#"{"run": ["f"], "secrets": ["EDGE_TOKEN_KEY"]}"#).first?.contains("host alone") == true)
        #expect(mistakes(#"{"run": ["f"], "job": {"inputs": ["a b"]}}"#).first?.contains("no field's name") == true)
        let many = (0...16).map { "\"f\($0)\"" }.joined(separator: ",")
        #expect(mistakes("{\"run\": [\"f\"], \"job\": {\"inputs\": [\(many)]}}").first?.contains("at most 16") == true)
    }

    @Test func `a function that works for the host alone has no public paths`() throws {
        let manifest = try parse(#"{"functions": {"f": {"run": ["f"], "public": false}, "g": {"run": ["g"]}}}"#)
        let router = Router(manifest)

        #expect(manifest["f"]?.isPublic == false)
        #expect(manifest["g"]?.isPublic == true)
        #expect(router.functionNames == ["g"])
        for path in ["/functions/v1/f", "/functions/v1/f/x"] {
            #expect(router.route(method: "POST", path: path) == .unknownFunction(name: "f"))
        }
        #expect(
            mistakes(#"{"run": ["f"], "public": false, "routes": ["/f"]}"#).first?.contains("reached by no client")
                == true
        )
        #expect(
            mistakes(#"{"run": ["f"], "public": false, "job": {}, "speaks": ["openai"]}"#).first?.contains("speaks")
                == true
        )
    }

    @Test func `a function's webhook is a URL, of a job function, where somebody delivers`() throws {
        let deliverer = #""webhook": {"run": ["webhook"], "public": false, "job": {}}"#
        func all(_ entry: String, _ deliverer: String) -> [String] {
            messages("{\"functions\": {\"f\": \(entry), \(deliverer)}}")
        }
        let good = #"{"run": ["f"], "job": {}, "webhook": "https://app.example/hooks?key=k"}"#
        let manifest = try parse("{\"functions\": {\"f\": \(good), \(deliverer)}}")

        #expect(manifest["f"]?.webhook == "https://app.example/hooks?key=k")
        #expect(mistakes(good).first?.contains("the function \"webhook\" delivers these") == true)
        #expect(
            all(good, #""webhook": {"run": ["webhook"], "job": {}}"#).count == 1,
            "one that clients reach is another one"
        )
        #expect(
            all(#"{"run": ["f"], "webhook": "https://a.example"}"#, deliverer).first?.contains("job function") == true
        )
        #expect(
            all(#"{"run": ["f"], "job": {}, "webhook": "ftp://a"}"#, deliverer).first?.contains("http or https") == true
        )
    }

    @Test func `an API is spoken by one function, and its paths are nobody else's`() {
        let two =
            #"{"functions": {"a": {"run": ["a"], "job": {}, "speaks": ["openai"]}, "b": {"run": ["b"], "job": {}, "speaks": ["openai"]}}}"#
        let route =
            #"{"functions": {"a": {"run": ["a"], "job": {}, "speaks": ["openai"]}, "b": {"run": ["b"], "routes": ["/v1/x"]}}}"#
        let free = #"{"functions": {"b": {"run": ["b"], "routes": ["/v1/x"]}}}"#

        #expect(messages(two).first?.contains("functions.b.speaks[0]") == true)
        #expect(messages(two).first?.contains("spoken by a already") == true)
        #expect(messages(route).first?.contains("functions.b.routes[0]") == true)
        #expect(messages(free) == [])
    }

    @Test func `a function needs only its program`() throws {
        let entry = try #require(try parse(#"{"functions": {"hello": {"run": ["hello", "-v"]}}}"#)["hello"])

        #expect(entry == FunctionEntry(name: "hello", run: ["hello", "-v"]))
        #expect(entry.auth == .optional)
        #expect(entry.listen == .socket)
        #expect(entry.methods == nil)
        #expect(entry.timeout == .seconds(60))
        #expect(entry.startTimeout == .seconds(10))
        #expect(entry.idle == .seconds(300))
        #expect(!entry.warm)
        #expect(entry.concurrency == 32)
        #expect(entry.queue == 256)
        #expect(entry.memoryBytes == 256 << 20)
        #expect(entry.openFiles == 256)
        #expect(entry.bodyBytes == 1 << 20)
        #expect(entry.job == nil)
        #expect(entry.cache == nil)
    }

    @Test func `an empty job block has every default and a larger body`() throws {
        let entry = try #require(try parse(#"{"functions": {"f": {"run": ["f"], "job": {}, "cache": {}}}}"#)["f"])

        let job = try #require(entry.job)
        #expect(job == JobSettings())
        #expect(job.wait == .seconds(25))
        #expect(job.timeout == .seconds(300))
        #expect(job.deadline == .seconds(3600))
        #expect(job.attempts == 5)
        #expect(job.concurrency == 32)
        #expect(job.perDay == 200)
        #expect(job.admit)
        #expect(entry.bodyBytes == 16 << 20)
        #expect(entry.cache?.ttl == .seconds(30 * 86_400))
    }

    @Test func `every key is read`() throws {
        let manifest = try parse(
            #"""
            {
              "host": {
                "origins": ["https://app.example", "http://localhost:5173", "null"], "publicURL": "HTTPS://Images.example:443/x/",
                "trustedProxies": ["10.0.0.0/8", "::1"], "cache": {"size": "512MB"}, "drain": "0s", "bodyMemory": "8MB"
              },
              "functions": {
                "b-2_x": {
                  "run": ["node", "b.mjs", ""], "routes": ["/b", "/b/*", "/*"], "listen": "port", "secrets": ["KEY"],
                  "env": ["URL", "_a1"], "grants": ["jobs"], "auth": "required", "methods": ["POST", "GET"], "timeout": "250ms",
                  "startTimeout": "1m", "idle": "1h", "warm": true, "concurrency": 1, "queue": 0, "memory": "1GB",
                  "openFiles": 64, "body": "2KB",
                  "job": {
                    "wait": "0s", "timeout": "2m", "deadline": "30d", "attempts": 20, "concurrency": 2, "perDay": 0,
                    "admit": false
                  },
                  "cache": {"ttl": "1d"}
                },
                "a": {"run": ["a"]}
              }
            }
            """#
        )

        #expect(manifest.functions.map(\.name) == ["b-2_x", "a"])
        #expect(manifest.host.origins == .listed(["https://app.example", "http://localhost:5173", "null"]))
        #expect(manifest.host.publicURL == "https://images.example/x")
        #expect(manifest.host.trustedProxies.map { $0.contains("10.1.2.3") } == [true, false])
        #expect(manifest.host.cacheBytes == 512 << 20)
        #expect(manifest.host.bodyMemoryBytes == 8 << 20)
        #expect(manifest.host.drain == .zero)
        let entry = try #require(manifest["b-2_x"])
        #expect(entry.run == ["node", "b.mjs", ""])
        #expect(entry.routes.map(\.description) == ["/b", "/b/*", "/*"])
        #expect(entry.listen == .port)
        #expect(entry.secrets == ["KEY"] && entry.env == ["URL", "_a1"])
        #expect(entry.grants == [.jobs] && entry.auth == .required)
        #expect(entry.methods == ["POST", "GET"])
        #expect(
            entry.timeout == .milliseconds(250) && entry.startTimeout == .seconds(60) && entry.idle == .seconds(3600)
        )
        #expect(entry.warm && entry.concurrency == 1 && entry.queue == 0)
        #expect(entry.memoryBytes == 1 << 30 && entry.openFiles == 64 && entry.bodyBytes == 2048)
        let job = try #require(entry.job)
        #expect(job.wait == .zero && job.timeout == .seconds(120) && job.deadline == .seconds(30 * 86_400))
        #expect(job.attempts == 20 && job.concurrency == 2 && job.perDay == 0 && !job.admit)
        #expect(entry.cache?.ttl == .seconds(86_400))
        #expect(manifest.secretNames == ["KEY"])
    }

    @Test func `all mistakes are told at once, in the order of the file, with line, key and cure`() {
        let messages = messages(
            #"""
            {
              "functions": {
                "generate": {
                  "run": ["generate"],
                  "job": {
                    "wiat": "25s",
                    "attempts": 21
                  },
                  "idle": "5 minutes"
                }
              },
              "hots": {}
            }
            """#
        )

        #expect(
            messages == [
                #"functions.json:6: functions.generate.job.wiat: unknown key; did you mean "wait"?"#,
                "functions.json:7: functions.generate.job.attempts: 21 is out of range; write a whole number from 1 to 20",
                #"functions.json:9: functions.generate.idle: "5 minutes" is not a duration; "#
                    + "write a whole number with ms, s, m, h or d, from 1s to 30d",
                #"functions.json:12: hots: unknown key; did you mean "host"?"#,
            ]
        )
    }

    @Test func `what is not JSON is told with its line`() {
        #expect(
            messages("{\n  \"host\": }") == [#"functions.json:2: not JSON: expected a value, found "}" (column 11)"#]
        )
        #expect(messages("[]") == [#"functions.json:1: this is an array; write { "functions": { ... } }"#])
        #expect(messages("").count == 1)
    }

    @Test(
        "A wrong entry says what to write",
        arguments: [
            ("{}", #"f: the key run is missing; write "run": ["program", "argument"]"#),
            (#"{"run": "node"}"#, #"f.run: this is a string; write ["node"]"#),
            (#"{"run": []}"#, #"f.run: this is empty; write ["program", "argument"]"#),
            (#"{"run": [""]}"#, "f.run[0]: this is empty; name the program"),
            (#"{"run": ["x", 1]}"#, "f.run[1]: this is a number; write a string"),
            (
                #"{"run": ["x"], "idle": 25}"#,
                #"f.idle: 25 has no unit; write a duration from 1s to 30d, such as "5m"; "#
                    + "units are ms, s, m, h and d"
            ),
            (
                #"{"run": ["x"], "idle": "0s"}"#,
                #"f.idle: "0s" is out of range; write a duration from 1s to 30d, such as "5m""#
            ),
            (
                #"{"run": ["x"], "memory": "256mb"}"#,
                #"f.memory: "256mb" is not a size; "#
                    + "write a whole number with B, KB, MB, GB or TB, from 16MB to 1TB"
            ),
            (
                #"{"run": ["x"], "memory": "1MB"}"#,
                #"f.memory: "1MB" is out of range; "#
                    + #"write a size from 16MB to 1TB, such as "256MB""#
            ),
            (
                #"{"run": ["x"], "body": 5}"#,
                #"f.body: 5 has no unit; write a size from 1KB to 1GB, such as "1MB"; "#
                    + "units are B, KB, MB, GB and TB"
            ),
            (#"{"run": ["x"], "warm": "yes"}"#, "f.warm: this is a string; write true or false"),
            (#"{"run": ["x"], "queue": 1.5}"#, "f.queue: this is a number; write a whole number from 0 to 100000"),
            (#"{"run": ["x"], "auth": "requierd"}"#, #"f.auth: "requierd" is not known; did you mean "required"?"#),
            (#"{"run": ["x"], "listen": "tcp"}"#, #"f.listen: "tcp" is not known; write one of "socket", "port""#),
            (#"{"run": ["x"], "methods": ["get"]}"#, #"f.methods[0]: "get" is not known; did you mean "GET"?"#),
            (
                #"{"run": ["x"], "methods": []}"#,
                "f.methods: this is empty, so that no call could be made; "
                    + "name a method, or leave the key out"
            ),
            (#"{"run": ["x"], "grants": ["admin"]}"#, #"f.grants[0]: "admin" is not known; write "jobs""#),
            (
                #"{"run": ["x"], "env": ["1A"]}"#,
                #"f.env[0]: "1A" is no variable's name; "#
                    + "use letters, digits and _, at most 256, no digit first"
            ),
            (
                #"{"run": ["x"], "env": ["A=1"]}"#,
                #"f.env[0]: "A" comes with a value; "#
                    + "write the name alone, and the value in .env"
            ),
            (#"{"run": ["x"], "env": ["PORT"]}"#, #"f.env[0]: "PORT" is set by the host; remove it"#),
            (#"{"run": ["x"], "env": ["A", "A"]}"#, #"f.env[1]: "A" is there twice; remove one"#),
            (
                #"{"run": ["x"], "env": ["A"], "secrets": ["A"]}"#,
                #"f.env[0]: "A" is also under secrets; keep it there only"#
            ),
            (#"{"run": ["x"], "job": true}"#, "f.job: this is true or false; write an object, { ... }"),
            (
                #"{"run": ["x"], "cache": {}}"#,
                "f.cache: only a job function has results to keep; "
                    + #"add "job": {} or remove this"#
            ),
            (#"{"run": ["x"], "routes": ["x"]}"#, #"f.routes[0]: "x" does not begin with /; write "/x""#),
            (
                #"{"run": ["x"], "routes": ["/x/"]}"#,
                #"f.routes[0]: "/x/" ends in /; "#
                    + #"write "/x" for that path, "/x/*" for all below"#
            ),
            (
                #"{"run": ["x"], "routes": ["/healthz"]}"#,
                #"f.routes[0]: "/healthz" belongs to the host, "#
                    + "as does all below /healthz; choose another path"
            ),
            (#"{"run": ["x"], "routes": ["/x", "/x"]}"#, #"f.routes[1]: "/x" is there twice; remove one"#),
        ]
    )
    func wrongEntry(entry: String, message: String) {
        #expect(mistakes(entry) == [message])
    }

    @Test(
        "A route is a plain path outside of the host's",
        arguments: [
            "", "/a//b", "//", "/a/../b", "/./a", "/a*", "/*/a", "/a/*/*", "/a b", "/%61", "/a?b", "/é", "/images",
            "/images/*",
            "/functions/v1/x", "/_edge/*", "/metrics", "/readyz", "/Images/x",
        ]
    )
    func wrongRoute(route: String) {
        #expect(throws: RoutePattern.Mistake.self) { try RoutePattern(route) }
    }

    @Test(
        "A function's name is a letter, then letters, digits, _ and -",
        arguments: ["", "1a", "_a", "a.b", "a b", "é"]
    )
    func wrongName(name: String) {
        let messages = messages("{\"functions\": {\"\(name)\": {\"run\": [\"x\"]}}}")

        #expect(messages.count == 1)
        #expect(messages.first?.contains("rename it") == true)
    }

    @Test func `functions share no route and agree on what is secret`() {
        let messages = messages(
            #"""
            {"functions": {
              "a": {"run": ["a"], "routes": ["/x", "/y/*"], "env": ["KEY"]},
              "b": {"run": ["b"], "routes": ["/y", "/x"], "secrets": ["KEY"]}
            }}
            """#
        )

        #expect(
            messages == [
                #"functions.json:2: functions.a.env[0]: "KEY" is a secret of b; list it under secrets here too"#,
                #"functions.json:3: functions.b.routes[1]: "/x" is already a route of a; remove one"#,
            ]
        )
    }

    @Test(
        "A wrong host setting says what to write",
        arguments: [
            (#"{"port": 80}"#, "port: unknown key; where to listen is for the flag --port or the variable PORT"),
            (#"{"origins": "*"}"#, #"origins: this is a string; write ["*"]"#),
            (
                #"{"origins": ["*", "https://a.example"]}"#,
                #"origins: "*" allows any origin; write it alone, or leave it out"#
            ),
            (
                #"{"origins": ["https://A.example/"]}"#,
                #"origins[0]: browsers send "https://a.example", "#
                    + #"never "https://A.example/"; write that"#
            ),
            (
                #"{"publicURL": "images.example"}"#,
                #"publicURL: "images.example" is no URL to begin others with; "#
                    + #"write scheme, host and, if need be, port and path, such as "https://images.example""#
            ),
            (
                #"{"trustedProxies": ["10.0.0.0/33"]}"#,
                #"trustedProxies[0]: "10.0.0.0/33" is no IP address or network; "#
                    + #"write for example "10.0.0.0/8" or "127.0.0.1""#
            ),
            (#"{"cache": {"sise": "1GB"}}"#, #"cache.sise: unknown key; did you mean "size"?"#),
            (#"{"drain": "11m"}"#, #"drain: "11m" is out of range; write a duration from 0s to 10m, such as "8s""#),
        ]
    )
    func wrongHost(block: String, message: String) {
        #expect(messages("{\"host\": \(block)}") == ["functions.json:1: host.\(message)"])
    }

    @Test func `hostile keys are quoted in messages`() {
        #expect(messages("{\"a\u{1b}[2Jb\": 1}".replacingEscape).allSatisfy { !$0.utf8.contains(0x1b) })
    }

    @Test func `a reload tells which functions changed`() throws {
        let old = try parse(#"{"functions": {"a": {"run": ["a"]}, "b": {"run": ["b"]}, "c": {"run": ["c"]}}}"#)
        let new = try parse(
            #"{"functions": {"c": {"run": ["c"]}, "a": {"run": ["a"], "warm": true}, "d": {"run": ["d"]}}}"#
        )

        let changes = old.changes(to: new)

        #expect(changes.changed.map(\.name) == ["a", "d"])
        #expect(changes.removed == ["b"])
    }
}

extension String {
    /// The text with its escape characters written as JSON requires.
    fileprivate var replacingEscape: String {
        String(flatMap { $0 == "\u{1b}" ? Array("\\u001b") : [$0] })
    }
}
