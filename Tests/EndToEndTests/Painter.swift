// A job function in Python that takes pictures, for tests of what comes in and of other APIs' clients.
import EdgeLoop
import JSON
import TestSupport

enum Painter {
    /// With the prompt `echo` it gives back the first picture that it was sent; it loads while there is a file `loading`, and what it
    /// makes of `bare` is not safe for work.
    static let script = #"""
        import hashlib, json, os, struct, zlib
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        from urllib.parse import parse_qsl, urlsplit

        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        def picture(width, height, shade):
            rows = (b"\0" + bytes([shade]) * width) * height
            return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
                    + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

        def names(value):
            values = value if isinstance(value, list) else [value]
            return [v[7:] for v in values if isinstance(v, str) and v.startswith("sha256:")]

        class Painter(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def tell(self, status, body, **headers):
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(data)

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path == "/_edge/admit":
                    return self.admit(body)
                if self.path == "/_edge/run":
                    return self.run(json.loads(body))
                if self.path == "/_edge/describe":
                    return self.tell(200, {"models": ["acme/painter", "plain"]})
                self.tell(404, {})

            def admit(self, body):
                if self.headers["Edge-Method"] == "GET":
                    fields = dict(parse_qsl(urlsplit(self.headers["Edge-Target"]).query))
                else:
                    fields = json.loads(body)
                if fields.get("width") == 63:
                    return self.tell(400, {"code": "invalid_field", "field": "width", "detail": "width is 63"})
                if fields.get("model") == "none/such":
                    return self.tell(404, {"code": "model_not_found", "field": "model", "detail": "no such model"})
                text = json.dumps(fields, sort_keys=True)
                inputs = [name for value in fields.values() for name in names(value)]
                if fields.get("prompt") == "stranger":
                    inputs = ["0" * 64]
                self.tell(200, {"input": fields, "key": hashlib.sha256(text.encode()).hexdigest(), "inputs": inputs})

            def run(self, job):
                fields = job["input"]
                if os.path.exists("loading"):
                    return self.tell(503, {"detail": "the model is loading"}, Retry_After="1")
                with open("runs", "a") as runs:
                    runs.write(json.dumps(fields) + "\n")
                if fields.get("prompt") == "forbidden":
                    return self.tell(422, {"code": "content_refused", "detail": "not this"})
                if fields.get("prompt") == "broken":
                    return self.tell(500, {"detail": "it broke"})
                if fields.get("prompt") == "echo":
                    with open(job["inputs"][names(fields["image"])[0]], "rb") as file:
                        return self.tell(200, file.read(), Content_Type="image/png")
                shade = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).digest()[0]
                width, height = int(fields.get("width", 8)), int(fields.get("height", 8))
                facts = json.dumps({"provider": "painter", "width": width, "height": height,
                                    "nsfw": fields.get("prompt") == "bare"})
                self.tell(200, picture(width, height, shade), Content_Type="image/png", Edge_Result=facts)

        ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Painter).serve_forever()
        """#

    /// A host whose one function is the painter, at `/functions/v1/painter`.
    static func options(
        _ job: JSONObject = [:],
        body: String = "16MB",
        speaks: Bool = true,
        host: JSONObject = [:]
    ) -> EdgeOptions {
        var settings: JSONObject = ["inputs": ["image", "mask"], "perDay": 0, "attempts": 1]
        for member in job.members { settings[member.key] = member.value }
        let entry: JSONObject = [
            "run": ["python3", "painter.py"], "listen": "port", "job": .object(settings), "cache": [:],
            "body": .string(body), "speaks": speaks ? ["openai", "huggingface"] : [],
        ]
        let manifest: JSONValue = ["host": .object(host), "functions": ["painter": .object(entry)]]
        return EdgeOptions(manifest: manifest, files: [(name: "painter.py", text: script)])
    }
}

extension EdgeHost {
    /// The inputs of all runs that the painter has made.
    var paintings: [JSONValue] {
        (fileText("\(folder.path)/runs") ?? "").split(separator: "\n").compactMap { try? JSONValue.parse(String($0)) }
    }

    /// The files in the image store.
    var imageFiles: [String] { filesByFolder(in: "images") }

    /// The files of kept results.
    var cacheEntries: [String] { filesByFolder(in: "cache").filter { $0.hasSuffix(".json") } }

    private func filesByFolder(in store: String) -> [String] {
        filesIn("\(state)/\(store)").flatMap { folder in
            filesIn("\(state)/\(store)/\(folder)").map { "\(folder)\($0)" }
        }.sorted()
    }

    func paint(_ body: JSONValue, _ headers: Headers = []) async throws -> ProbeAnswer {
        try await post("/functions/v1/painter", body, headers)
    }

    func paint(_ form: FormBody, at target: String = "/functions/v1/painter") async throws -> ProbeAnswer {
        try await ask("POST", target, [("Content-Type", FormBody.contentType)], body: form.bytes)
    }
}
