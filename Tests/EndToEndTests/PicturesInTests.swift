// Pictures that come with requests: taken in by the host, handed to the function by their hash.
import Digest
import EdgeLoop
import JSON
import TestSupport
import Testing

struct PicturesInTests {
    init() { TestLoop.start() }

    private static let png = TestPicture.png("a picture")
    private static let name = SHA256.hex(of: png)
    private static let dataURI = "data:image/png;base64,\(base64(png))"

    /// The plainest encoder, so that the host's own is not its own judge.
    static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bits = bytes.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
        let digits = stride(from: 0, to: bits.count, by: 6).map { start in
            (0..<6).reduce(0) { $0 << 1 | Int(start + $1 < bits.count ? bits[start + $1] : 0) }
        }
        let text = String(digits.map { alphabet[$0] })
        return text + String(repeating: "=", count: (4 - text.count % 4) % 4)
    }

    private static func form(_ fields: [(String, String)], _ bytes: [UInt8] = png, name: String = "image") -> FormBody {
        var form = FormBody()
        for (name, text) in fields { form.add(name, text) }
        form.add(name, file: "cat; \"1\".png", bytes)
        return form
    }

    @Test @LoopActor func `a data URI, an upload and an image of this host are the same picture`() async throws {
        try await withEdge(Painter.options()) { host in
            let first = try await host.paint(["prompt": "echo", "image": .string(Self.dataURI)])
            let upload = try await host.paint(Self.form([("prompt", "echo")]))
            let path = "/images/\(Self.name).png"
            let url = "http://edge.test\(path)"
            let byURL = try await host.paint(["prompt": "echo", "image": .string(url)])
            let byPath = try await host.paint(["prompt": "echo", "image": .string(path)])
            let byQuery = try await host.get("/functions/v1/painter?prompt=echo&image=\(url)")
            var named = FormBody()
            named.add("prompt", "echo")
            named.add("image", path)
            let byForm = try await host.paint(named)

            #expect(first.status == 200 && first.content == Content(Self.png), "\(first.text)")
            for answer in [upload, byURL, byPath, byQuery, byForm] {
                #expect(answer.content == Content(Self.png), "\(answer.text)")
                #expect(answer["Cache-Status"]?.hasPrefix("edge; hit") == true, "\(answer.headers)")
            }
            #expect(host.paintings == [["prompt": "echo", "image": .string("sha256:\(Self.name)")]])
        }
    }

    @Test @LoopActor func `a failed job whose picture is gone is not run again, and says so`() async throws {
        try await withEdge(Painter.options()) { host in
            let failed = try await host.paint(["prompt": "broken", "image": .string(Self.dataURI)])
            let id = try #require(failed.json["job"]?.string, "\(failed.text)")
            try await eventually("its end on disk") { host.doneJobs[id] != nil }
            let again = try await runEdge(["jobs", "retry", id, "--state-dir", host.state], in: host.folder)
            for image in host.imageFiles {
                removeFile("\(host.state)/images/\(image.prefix(2))/\(image.dropFirst(2))")
            }
            let refused = try await runEdge(["jobs", "retry", id, "--state-dir", host.state], in: host.folder)

            #expect(again.exit == .exited(0), "\(again.text)")
            #expect(refused.exit == .exited(1))
            #expect(refused.errors.contains("picture that the job needs is gone"), "\(refused.text)")
        }
    }

    @Test @LoopActor func `text parts of a form become members, numbers and truths as such`() async throws {
        try await withEdge(Painter.options()) { host in
            let fields = [("prompt", "a fox"), ("width", "16"), ("scale", "0.5"), ("fresh", "true"), ("zip", "007")]
            let answer = try await host.paint(Self.form(fields))

            #expect(answer.status == 200, "\(answer.text)")
            #expect(
                host.paintings == [
                    [
                        "prompt": "a fox", "width": 16, "scale": 0.5, "fresh": true, "zip": "007",
                        "image": .string("sha256:\(Self.name)"),
                    ]
                ]
            )
        }
    }

    @Test @LoopActor func `an upload of some megabytes arrives whole`() async throws {
        let large = TestPicture.png("large", extra: 9 << 20)
        try await withEdge(Painter.options()) { host in
            let answer = try await host.paint(Self.form([("prompt", "echo")], large))

            #expect(answer.content == Content(large), "\(answer.status)")
        }
    }

    @Test @LoopActor func `what is no picture is refused by the name of its field`() async throws {
        try await withEdge(Painter.options(body: "15MB")) { host in
            let other: [(String, JSONValue, Int, [String])] = [
                ("a number", 7, 400, ["image is a number", "data URI"]),
                ("a text", "a cat", 400, ["image", "data URI", "multipart/form-data"]),
                ("another host", "http://elsewhere.example/images/a.png", 400, ["image", "another host"]),
                ("an unknown image", .string("/images/\(String(repeating: "a", count: 64)).png"), 400, ["aaaa"]),
                ("a bad name", "/images/../x.png", 400, ["image", "../x.png"]),
                ("no base64", "data:image/png,abc", 400, ["image", "base64"]),
                ("damaged base64", "data:image/png;base64,iVBORw0KGg!=", 400, ["image", "base64"]),
                (
                    "text inside", .string("data:image/png;base64,\(Self.base64(Array("hello hello hello".utf8)))"),
                    415, ["image", "PNG, JPEG or WebP"]
                ),
                (
                    "a GIF",
                    .string("data:image/png;base64,\(Self.base64(Array("GIF89a".utf8) + [8, 0, 8, 0, 0, 0, 0, 0x3b]))"),
                    415, ["image"]
                ),
                (
                    "cut", .string("data:image/png;base64,\(Self.base64(Array(Self.png.dropLast(20))))"), 400,
                    ["image", "cut off"]
                ),
                (
                    "too wide", .string("data:image/png;base64,\(Self.base64(Self.wide))"), 413,
                    ["image", "5000 x 8", "4096"]
                ),
                (
                    "too large", .string("data:image/png;base64,\(String(repeating: "A", count: 14_500_000))"), 413,
                    ["image", "10 MiB"]
                ),
            ]
            for (what, value, status, parts) in other {
                expectProblem(try await host.paint(["prompt": "x", "image": value]), status, naming: parts, what)
            }
            expectProblem(
                try await host.paint(Self.form([], TestPicture.png("x", extra: 11 << 20))),
                413,
                naming: ["image", "10 MiB"]
            )
            expectProblem(try await host.paint(Self.form([], Array("no picture at all".utf8))), 415, naming: ["image"])
            expectProblem(
                try await host.paint(Self.form([], name: "photo")),
                400,
                naming: ["photo", "image, mask"]
            )
            expectProblem(
                try await host.paint(Self.form([("prompt", "a"), ("prompt", "b")])),
                400,
                naming: ["prompt twice"]
            )
            var many = FormBody()
            for index in 0...64 { many.add("f\(index)", "x") }
            expectProblem(try await host.paint(many), 400, naming: ["64 parts"])
            var long = FormBody()
            long.add("prompt", String(repeating: "x", count: 70_000))
            expectProblem(try await host.paint(long), 413, naming: ["prompt", "65536"])
            let cut = Array(Self.form([("prompt", "x")]).bytes.dropLast(30))
            expectProblem(
                try await host.ask(
                    "POST",
                    "/functions/v1/painter",
                    [("Content-Type", FormBody.contentType)],
                    body: cut
                ),
                400,
                naming: ["boundary"]
            )
            expectProblem(
                try await host.paint(Self.form([], [UInt8](repeating: 0, count: 16 << 20))),
                413,
                naming: ["15728640"]
            )
            #expect(host.paintings.isEmpty)
            try await eventually("nothing of it on disk") {
                host.imageFiles.isEmpty && filesIn("\(host.state)/jobs/tmp").isEmpty
            }
        }
    }

    /// A PNG whose header tells of 5000 by 8 pixels.
    private static var wide: [UInt8] {
        var bytes = png
        bytes.replaceSubrange(16..<20, with: [0, 0, 0x13, 0x88])
        return bytes
    }

    @Test @LoopActor func `a picture that no job came to name is not kept`() async throws {
        try await withEdge(Painter.options()) { host in
            let refused = try await host.paint(Self.form([("prompt", "x"), ("width", "63")]))

            #expect(refused.status == 400 && refused.json["field"] == "width", "\(refused.text)")
            try await eventually("the upload to go") { host.imageFiles.isEmpty }
        }
    }

    @Test @LoopActor func `a ticket that names a picture which is not there is the function's mistake`() async throws {
        try await withEdge(Painter.options()) { host in
            let answer = try await host.paint(["prompt": "stranger"])

            #expect(answer.status == 502, "\(answer.text)")
            #expect(answer.json["code"] == "WORKER_ERROR", "\(answer.text)")
        }
    }

    @Test @LoopActor func `a picture stays for as long as a job names it`() async throws {
        try await withEdge(Painter.options()) { host in
            let answer = try await host.paint(
                ["prompt": "a fox", "image": .string(Self.dataURI)],
                [("Accept", "application/json")]
            )
            let id = try #require(answer.json["id"]?.string)
            let input = try #require(answer.json["inputs"]?.array?.first)
            let picture = try await host.get("/images/\(Self.name).png")
            try await eventually("the job's end on disk") { host.doneJobs[id] != nil }
            try await host.restart()
            let kept = try await host.get("/images/\(Self.name).png")

            #expect(input["sha256"] == .string(Self.name) && input["width"] == 8 && input["type"] == "image/png")
            #expect(input["url"] == .string("http://edge.test/images/\(Self.name).png"))
            #expect(picture.content == Content(Self.png))
            #expect(kept.content == Content(Self.png))
            #expect(host.doneJobs[id]?["inputs"]?.array?.first?["sha256"] == .string(Self.name))
            #expect(host.imageFiles.count == 2)
        }
    }

    @Test @LoopActor func `a picture goes with the last job that names it`() async throws {
        var options = Painter.options()
        options.manifest = options.manifest.map { manifest in
            // Status deletes jobs.
            var functions = manifest["functions"]?.object ?? [:]
            functions["status"] = TestManifest.bundled["functions"]?["status"]
            return ["functions": .object(functions)]
        }
        try await withEdge(options) { host in
            let answer = try await host.paint(
                ["prompt": "a fox", "image": .string(Self.dataURI)],
                [("Accept", "application/json")]
            )
            let id = try #require(answer.json["id"]?.string)
            try await eventually("the job's end on disk") { host.doneJobs[id] != nil }
            let gone = try await host.delete("/functions/v1/status/\(id)")

            #expect(gone.status == 204, "\(gone.text)")
            try await eventually("both pictures to go") { host.imageFiles.isEmpty }
        }
    }

    @Test @LoopActor func `a job that waits when the host is killed goes on with its picture`() async throws {
        try await withEdge(Painter.options()) { host in
            host.folder.write("", to: "loading")
            let answer = try await host.paint(
                Self.form([("prompt", "echo")]).bytes,
                [("Content-Type", FormBody.contentType), ("Prefer", "respond-async")]
            )
            let id = try #require(answer.json["id"]?.string)
            try await host.restart()
            removeFile("\(host.folder.path)/loading")
            try await eventually("the job's end") { host.doneJobs[id] != nil }

            let file = try #require(host.doneJobs[id])
            #expect(file["state"] == "succeeded", "\(file.text())")
            #expect(file["images"]?.array?.first?["sha256"] == .string(Self.name))
        }
    }

    // MARK: Memory

    /// A request of about so many bytes: JSON may have any space between its members.
    private static func large(_ prompt: String, _ count: Int) -> [UInt8] {
        let text = #"{"prompt":"\#(prompt)","image":"\#(dataURI)""#
        return Array(text.utf8) + [UInt8](repeating: 32, count: count) + Array("}".utf8)
    }

    private static let json: Headers = [("Content-Type", "application/json")]

    @Test @LoopActor func `large bodies that come at once wait for each other and are all answered`() async throws {
        let options = Painter.options(host: ["bodyMemory": "8MB"])
        try await withEdge(options) { host in
            var probes: [HTTPProbe] = []
            // One at a time has room. Few and no larger than need be: none waits for longer than some seconds.
            for number in 0..<5 {
                let probe = try await host.connect()
                probe.request(
                    "POST",
                    "/functions/v1/painter",
                    Self.json,
                    body: Self.large("echo \(number)", 9 << 18)
                )
                probes.append(probe)
            }
            for probe in probes {
                #expect(try await probe.answer().status == 200)
                probe.leave()
            }
        }
    }

    @Test @LoopActor func `beyond the memory for bodies a large one is refused, and small ones and forms are not`()
        async throws
    {
        let options = Painter.options(host: ["bodyMemory": "8MB"])
        try await withEdge(options) { host in
            let whole = Self.large("held", 4 << 20)
            let first = try await host.connect()
            first.send(
                "POST /functions/v1/painter HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                    + "Content-Length: \(whole.count)\r\n\r\n"
            )
            first.send(Array(whole.dropLast(1000)))
            try await first.sent()
            async let second = host.ask(
                "POST",
                "/functions/v1/painter",
                Self.json,
                body: Self.large("second", 4 << 20)
            )
            let small = try await host.paint(["prompt": "small"])
            let form = try await host.paint(Self.form([("prompt", "form")]))
            let refused = try await second
            first.send(Array(whole.suffix(1000)))

            #expect(small.status == 200)
            #expect(form.status == 200)
            expectProblem(refused, 503, naming: ["host.bodyMemory", "8MB", "form"])
            #expect((refused.number("Retry-After") ?? 0) > 0)
            #expect(try await first.answer().status == 200)
            let again = try await host.ask(
                "POST",
                "/functions/v1/painter",
                Self.json,
                body: Self.large("second", 4 << 20)
            )
            #expect(again.status == 200)
        }
    }
}

extension EdgeHost {
    fileprivate func paint(_ body: [UInt8], _ headers: Headers) async throws -> ProbeAnswer {
        try await ask("POST", "/functions/v1/painter", headers, body: body)
    }
}
