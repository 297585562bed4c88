// Functions in another language: scripts that are edited, and jobs that ask nothing of their program but to run.
import Digest
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

/// A client that asks again as soon as it is answered.
@LoopActor
private final class SteadyCaller {
    private let port: UInt16
    private let target: String
    var isStopped = false
    var answers: [Int64] = []
    var failures: [String] = []

    init(_ port: UInt16, _ target: String) {
        self.port = port
        self.target = target
    }

    func run() async {
        do {
            let probe = try await HTTPProbe(port: port)
            while !isStopped {
                probe.request("GET", target)
                let answer = try await probe.answer()
                if let version = answer.json.integer { answers.append(version) } else { failures.append(answer.text) }
            }
            probe.leave()
        } catch {
            failures.append("\(error)")
        }
    }
}

extension String {
    fileprivate func count(of part: String) -> Int { ranges(of: part).count }
}

struct ForeignFunctionTests {
    init() { TestLoop.start() }

    /// A server whose every answer to a call is what the expression `answer` gives of its body.
    private static func script(_ answer: String) -> String {
        """
        import json, os
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
        ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
        """
    }

    private static func manifest(_ more: JSONObject = [:], host: [(path: String, value: JSONValue)] = []) -> JSONValue {
        var entry: JSONObject = ["run": ["python3", "x.py"], "listen": "port"]
        for member in more.members { entry[member.key] = member.value }
        return TestManifest.bundled([("functions.foreign", .object(entry))] + host)
    }

    @Test @LoopActor func `the next call after an edited script was noticed is the new one's, and none is dropped`()
        async throws
    {
        let files = [(name: "x.py", text: Self.script("'1'"))]
        try await withEdge(EdgeOptions(manifest: Self.manifest(), files: files)) { host in
            #expect(try await host.get("/functions/v1/foreign").json == 1)
            let callers = (0..<3).map { _ in SteadyCaller(host.port, "/functions/v1/foreign") }
            let running = callers.map { caller in Task { @LoopActor in await caller.run() } }
            for version in 2...4 {
                let reloads = host.said.count(of: "reloaded")
                replaceFile("\(host.folder.path)/x.py", with: Self.script("'\(version)'"))
                try await eventually("the change to be noticed") { host.said.count(of: "reloaded") > reloads }
                #expect(try await host.get("/functions/v1/foreign").json == .integer(Int64(version)))
            }
            // What was asked before the last change may be answered after it.
            try await eventually("each caller to have an answer of the last one") {
                callers.allSatisfy { $0.answers.last == 4 || !$0.failures.isEmpty }
            }
            for caller in callers { caller.isStopped = true }
            for task in running { await task.value }

            for caller in callers {
                #expect(caller.failures == [])
                #expect(caller.answers == caller.answers.sorted(), "an older script never answers after a newer one")
                #expect(caller.answers.last == 4)
            }
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

    @Test @LoopActor func `a video is kept, and served whole and in parts`() async throws {
        let script = Self.script("''").replacing("application/json", with: "video/mp4")
            .replacing("('').encode()", with: "b'\\0\\0\\0\\x10ftypisom\\0\\0\\0\\0\\0\\0\\0\\x08moov'")
        let video = Array("\0\0\0\u{10}ftypisom\0\0\0\0\0\0\0\u{8}moov".utf8)
        let files = [(name: "x.py", text: script)]
        let manifest = Self.manifest(["job": ["admit": false]])
        try await withEdge(EdgeOptions(manifest: manifest, files: files)) { host in
            let made = try await host.get("/functions/v1/foreign?text=a+fox")
            let path = "/images/\(SHA256.hex(of: video)).mp4"
            let kept = try await host.get(path)
            let part = try await host.get(path, [("Range", "bytes=4-7")])
            let beyond = try await host.get(path, [("Range", "bytes=24-")])

            for answer in [made, kept] {
                #expect(answer.status == 200)
                #expect(answer["Content-Type"] == "video/mp4")
                #expect(answer.content == Content(video))
            }
            #expect(kept["Accept-Ranges"] == "bytes")
            #expect(part.status == 206 && part.text == "ftyp")
            #expect(part["Content-Range"] == "bytes 4-7/24")
            #expect(beyond.status == 416)
        }
    }

    /// The first attempt fails at once, and speaks once more when the second one has left its state.
    private static let lateSpeaker = #"""
        import http.client, json, os, socket, threading, time
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        class Host(http.client.HTTPConnection):
            def connect(self):
                self.sock = socket.socket(socket.AF_UNIX)
                self.sock.connect(os.environ["EDGE_CONTROL"])

        def put(job, attempt, state):
            host = Host("host")
            host.request("PUT", f"/v1/jobs/{job}/state", json.dumps(state), {"Edge-Attempt-Id": attempt})
            return host.getresponse().status

        saved, spoken = threading.Event(), threading.Event()

        def late(job, attempt):
            saved.wait()
            with open("late", "w") as file:
                file.write(str(put(job, attempt, {"task": "first"})))
            spoken.set()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def tell(self, status, **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_POST(self):
                job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                attempt = self.headers["Edge-Attempt-Id"]
                if job["attempt"] == 1:
                    threading.Thread(target=late, args=(job["job"], attempt)).start()
                    return self.tell(500)
                put(job["job"], attempt, {"task": "second"})
                saved.set()
                spoken.wait()
                self.tell(202, Retry_After="600")

        ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
        """#

    @Test @LoopActor func `what an earlier attempt says late takes nothing from the one that runs`() async throws {
        let files = [(name: "x.py", text: Self.lateSpeaker)]
        let manifest = Self.manifest(["job": ["admit": false]])
        try await withEdge(EdgeOptions(manifest: manifest, files: files)) { host in
            let told = try await host.post("/functions/v1/foreign", ["a": 1], [("Prefer", "respond-async")])
            let id = try #require(told.json["id"]?.string)
            _ = try await host.job(id) { $0["state"] == "waiting" && $0["attempts"]?.array?.count == 2 }

            #expect(fileText("\(host.folder.path)/late") == "409")
            #expect(host.activeJobs[id]?["resumeState"] == ["task": "second"])
        }
    }

    @Test @LoopActor func `what a function says of its secret reaches nobody`() async throws {
        let secret = "sk-0123456789abcdef"
        let script = Self.script("json.dumps({'detail': 'refused with ' + os.environ['FOREIGN_KEY']})")
            .replacing("send_response(200)", with: "send_response(400)")
        let manifest = Self.manifest(["job": [:], "secrets": ["FOREIGN_KEY"]])
        let unadmitted = Self.manifest(["job": ["admit": false], "secrets": ["FOREIGN_KEY"]])
        for manifest in [manifest, unadmitted] {
            let options = EdgeOptions(
                manifest: manifest,
                environment: [(name: "FOREIGN_KEY", value: secret)],
                files: [(name: "x.py", text: script)]
            )
            try await withEdge(options) { host in
                let answer = try await host.get("/functions/v1/foreign")
                let files = filesBelow(host.state).compactMap { fileText($0) }.joined()

                #expect(answer.status == 400)
                #expect(answer.text.contains("refused with"))
                #expect(!answer.text.contains(secret))
                #expect(!(host.said + files).contains(secret))
            }
        }
    }

    @Test @LoopActor func `a call that runs when the host is told to stop is answered within the drain`() async throws {
        let answer =
            "'\"' + ''.join(iter(lambda: __import__('time').sleep(0.01) or ('' if not os.path.exists('go') else 'late'), 'late')) + 'done\"'"
        let files = [(name: "x.py", text: Self.script(answer))]
        try await withEdge(EdgeOptions(manifest: Self.manifest(host: [("host.drain", "5m")]), files: files)) { host in
            let call = try await host.connect()
            call.request("GET", "/functions/v1/foreign")
            let ready = try await host.connect()
            try await eventually(
                "the call to be under way",
                asking: {
                    try await host.get("/functions/v1/status").json["functions"]?["foreign"]?["calls"]?.integer == 1
                }
            )
            host.signal(SIGTERM)
            try await eventually(
                "readyz to turn",
                asking: {
                    ready.request("GET", "/readyz")
                    return try await ready.answer().status == 503
                }
            )
            host.folder.write("", to: "go")

            #expect(try await call.answer().json == "done")
            #expect(try await host.ended() == .exited(0))
        }
    }

    @Test @LoopActor func `a job can be removed as soon as it has answered, and stays away`() async throws {
        try await withEdge(EdgeOptions()) { host in
            for number in 0..<10 {
                let made = try await host.ask(
                    "POST",
                    "/generate",
                    [("Accept", "application/json"), ("Content-Type", "application/json")],
                    body: Array(#"{"prompt":"a fox \#(number)","width":64,"height":64}"#.utf8)
                )
                let id = try #require(made.json["id"]?.string)

                #expect(try await host.ask("DELETE", "/status/\(id)").status == 204)
                #expect(try await host.get("/status/\(id)").status == 404)
            }
        }
    }

    @Test @LoopActor func `the service tells its providers, and OPTIONS of it is the host's`() async throws {
        try await withEdge(EdgeOptions()) { host in
            let service = try await host.get("/status").json
            let options = try await host.ask("OPTIONS", "/status", [("Origin", "https://app.example")])

            #expect(service["providers"]?["sandbox"]?["ready"] == true)
            #expect(service["providers"]?["huggingface"]?["ready"] == false)
            #expect(options.status == 204)
            #expect(options["Allow"]?.contains("DELETE") == true)
        }
    }
}
