// Bad input, and what it gets: a text that names the field, its problem and the range.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct BadInputTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `a wrong field is 400 and names field and range, and no job is made`() async throws {
        let rows: [(String, field: String?, parts: [String])] = [
            (#"{}"#, "prompt", ["prompt", "2000"]), (#"{"prompt": "   "}"#, "prompt", ["prompt", "2000"]),
            (#"{"prompt": 5}"#, "prompt", ["prompt"]), (#"{"prompt": ["a"]}"#, "prompt", ["prompt"]),
            ("{\"prompt\": \"\(String(repeating: "x", count: 2001))\"}", "prompt", ["prompt", "2000"]),
            (#"{"prompt": "x", "width": 63}"#, "width", ["width", "64", "2048", "8"]),
            (#"{"prompt": "x", "width": 100}"#, "width", ["width", "multiple", "8"]),
            (#"{"prompt": "x", "height": 2056}"#, "height", ["height", "64", "2048"]),
            (#"{"prompt": "x", "height": "big"}"#, "height", ["height"]),
            (#"{"prompt": "x", "height": 64.5}"#, "height", ["height"]),
            (#"{"prompt": "x", "steps": 0}"#, "steps", ["steps", "1", "150"]),
            (#"{"prompt": "x", "steps": 151}"#, "steps", ["steps", "1", "150"]),
            (#"{"prompt": "x", "guidance_scale": 30.5}"#, "guidance_scale", ["guidance_scale", "0", "30"]),
            (#"{"prompt": "x", "guidance_scale": -1}"#, "guidance_scale", ["guidance_scale", "0", "30"]),
            (#"{"prompt": "x", "seed": -1}"#, "seed", ["seed", "0", "4294967295"]),
            (#"{"prompt": "x", "seed": 4294967296}"#, "seed", ["seed", "4294967295"]),
            (#"{"prompt": "x", "provider": "nobody"}"#, "provider", ["provider", "huggingface", "sandbox"]),
            (#"{"prompt": "x", "fresh": "yes"}"#, "fresh", ["fresh", "true"]),
            (#"{"prompt": "x", "promt": "y"}"#, "promt", ["promt"]),
            (#"{"prompt": "x", "model": 4}"#, "model", ["model"]),
            (#"{"prompt": "x", "#, nil, ["json"]), (#"not json"#, nil, ["json"]), ("", nil, []),
            (#"[1]"#, nil, ["object"]),
            (#"{"prompt": "x", "prompt": "y"}"#, "prompt", ["prompt", "twice"]),
            (#"{"seed": 1, "prompt": "x", "seed": 1}"#, "seed", ["seed", "twice", "4294967295"]),
            (#"{"prompt": "x", "width": 1e400}"#, "width", ["width", "too large", "64 to 2048"]),
            (#"{"prompt": "x", "guidance_scale": -1e400}"#, "guidance_scale", ["guidance_scale", "too large", "30"]),
            (#"{"prompt": "x", "seed": 1e300}"#, "seed", ["seed", "4294967295"]),
            (#"{"prompt": "x", "seed": 18446744073709551616}"#, "seed", ["seed", "4294967295"]),
        ]
        try await withEdge { host in
            for row in rows {
                let answer = try await host.ask(
                    "POST",
                    "/generate",
                    [("Content-Type", "application/json")],
                    body: Array(row.0.utf8)
                )
                expectProblem(answer, 400, naming: row.parts, String(row.0.prefix(100)))
                if let field = row.field {
                    #expect(answer.json["field"]?.string == field, "\(row.0.prefix(100)): \(answer.text)")
                }
            }
            for (query, field) in [("width=1e400", "width"), ("seed=1&seed=1", "seed"), ("steps=1e3", "steps")] {
                let answer = try await host.get("/generate?prompt=x&\(query)")
                expectProblem(answer, 400, naming: [field], query)
                #expect(answer.json["field"]?.string == field)
            }
            for query in ["", "?prompt=", "?prompt=x&width=63", "?prompt=x&nope=1", "?prompt=%ZZ"] {
                expectProblem(try await host.get("/generate\(query)"), 400, query)
            }

            #expect(host.doneJobs.isEmpty && host.activeJobs.isEmpty)
        }
    }

    @Test @LoopActor func `2000 characters that are not ASCII are a prompt`() async throws {
        try await withEdge { host in
            let prompt = String(repeating: "界", count: 2000)
            let answer = try await host.generate(["prompt": .string("  \(prompt)\n"), "width": 64, "height": 64])

            #expect(answer.status == 200, "\(answer.text)")
        }
    }

    @Test @LoopActor func `a wrong method is 405 with Allow, on functions, images and health`() async throws {
        try await withEdge { host in
            let image = "/images/" + String(repeating: "a", count: 64) + ".png"
            for (method, path) in [
                ("PUT", "/generate"), ("PATCH", "/functions/v1/generate"), ("DELETE", "/generate"), ("POST", image),
                ("POST", "/healthz"), ("DELETE", "/readyz"), ("POST", "/metrics"), ("PUT", "/status"),
            ] {
                let answer = try await host.ask(method, path)
                expectProblem(answer, 405, naming: ["GET"], "\(method) \(path)")
                #expect(answer["Allow"]?.contains("GET") == true, "\(method) \(path)")
            }
        }
    }

    @Test @LoopActor func `an unknown function is 404 and lists those that there are`() async throws {
        try await withEdge { host in
            for path in ["/functions/v1/genrate", "/functions/v1/Generate", "/functions/v1/", "/functions/v1/x/y"] {
                let answer = try await host.get(path)
                expectProblem(answer, 404, naming: ["generate", "status"], path)
            }
            expectProblem(try await host.get("/nothing/here"), 404)
            expectProblem(try await host.get("/"), 404)
        }
    }

    @Test @LoopActor func `path tricks are 404`() async throws {
        let hash = String(repeating: "a", count: 64)
        let paths = [
            "/images/\(hash).png", "/images/../functions.json", "/images/%2e%2e/functions.json",
            "/images/..%2ffunctions.json",
            "/images/\(hash)", "/images/\(hash).png/x", "/images/", "/images/x.png", "/images/aa/\(hash).png",
            "/images/\(hash.uppercased()).png", "/images/\(hash).png%00", "/status/../generate",
            "/status/..%2f..%2fjobs",
            "/status/%2e%2e%2fx", "/functions/v1/status/..", "/functions/v1/generate/_edge/run",
            "/functions/v1/generate/_edge/admit",
            "/functions/v1/generate/%5fedge/run", "/functions/v1/status/_edge/run", "/status/_edge/run", "/_edge/run",
            "/_edge/admit",
            "/generate/_edge/admit", "/functions/v1/generate//_edge/run", "/functions/v1/generate/./_edge/run",
            "/functions/v1/generate/_EDGE/run",
        ]
        try await withEdge { host in
            for path in paths {
                for method in ["GET", "POST"] where !(method == "POST" && path.hasPrefix("/images/\(hash).png")) {
                    let answer = try await host.ask(method, path, body: method == "POST" ? Array("{}".utf8) : nil)
                    #expect(answer.status == 404, "\(method) \(path) -> \(answer.status) \(answer.text)")
                }
            }
        }
    }

    @Test @LoopActor func `a body that is too large is 413 and names the limit`() async throws {
        let manifest = TestManifest.bundled([("functions.generate.body", "2KB")])
        try await withEdge(EdgeOptions(manifest: manifest)) { host in
            let answer = try await host.generate(String(repeating: "x", count: 4000))
            expectProblem(answer, 413, naming: ["2048"])

            let chunked = try await host.connect()
            chunked.send("POST /generate HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<5 { chunked.send("400\r\n" + String(repeating: "x", count: 0x400) + "\r\n") }
            let second = try await chunked.answer()
            expectProblem(second, 413, "chunked")
            chunked.leave()
        }
    }
}
