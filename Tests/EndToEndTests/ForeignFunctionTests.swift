// Functions in another language: scripts that are edited, and jobs that ask nothing of their program but to run.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct ForeignFunctionTests {
    init() { TestLoop.start() }

    /// A server whose every answer to a call is what the expression `answer` gives of its body.
    private static func script(_ answer: String) -> String {
        """
        import json, os
        from http.server import BaseHTTPRequestHandler, HTTPServer
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                text = (\(answer)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            do_POST = do_GET
        HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
        """
    }

    private static func manifest(_ more: JSONObject = [:]) -> JSONValue {
        var entry: JSONObject = ["run": ["python3", "x.py"], "listen": "port"]
        for member in more.members { entry[member.key] = member.value }
        return TestManifest.bundled([("functions.foreign", .object(entry))])
    }

    @Test @LoopActor func `an edited script is used without a restart`() async throws {
        let files = [(name: "x.py", text: Self.script("'\"first\"'"))]
        try await withEdge(EdgeOptions(manifest: Self.manifest(), files: files)) { host in
            let first = try await host.get("/functions/v1/foreign")
            replaceFile("\(host.folder.path)/x.py", with: Self.script("'\"the second\"'"))
            try await eventually(
                "the edited script",
                asking: { try await host.get("/functions/v1/foreign").json == "the second" }
            )

            #expect(first.json == "first")
        }
    }

    @Test @LoopActor func `a GET of a job that is not admitted has its query as input`() async throws {
        let files = [(name: "x.py", text: Self.script("json.dumps(json.loads(body)['input'])"))]
        let manifest = Self.manifest(["job": ["admit": false]])
        try await withEdge(EdgeOptions(manifest: manifest, files: files)) { host in
            let made = try await host.get("/functions/v1/foreign?text=a+red%20fox&width=64")
            let twice = try await host.get("/functions/v1/foreign?text=a&text=b")

            #expect(made.status == 200)
            #expect(made.text.contains(#""text": "a red fox""#), "\(made.text)")
            #expect(made.text.contains(#""width": "64""#), "\(made.text)")
            expectProblem(twice, 400, naming: ["text", "twice"])
        }
    }
}
