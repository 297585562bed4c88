// What a provider can do wrong, and what becomes of it.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct ProviderFaultTests {
    init() { TestLoop.start() }

    private typealias Reply = HuggingFaceScript.Reply

    @LoopActor
    private func attempts(_ host: EdgeHost) -> [[String]] {
        host.doneJobs.values.map { ($0["attempts"]?.array ?? []).map { $0["outcome"]?.string ?? "none" } }
    }

    @Test(
        "A fault is a failed attempt, and the next one succeeds",
        arguments: [
            "500", "502", "busy", "reset", "reset in the body", "cut", "empty", "JSON", "HTML", "not an image",
        ]
    )
    @LoopActor func faults(name: String) async throws {
        let fault: Reply =
            switch name {
            case "500": .error(500, "unknown error")
            case "502":
                .wire(
                    .status(502, headers: [("Content-Type", "text/html")], body: Array("<html>Bad Gateway</html>".utf8))
                )
            case "busy": .error(500, "Model too busy, unable to get response in less than 60 second(s)")
            case "reset": .reset
            case "reset in the body": .cut(60, reset: true)
            case "cut": .cut(60, reset: false)
            case "empty": .body([], type: "image/png")
            case "JSON": .body(Array(#"{"error":"this is no image"}"#.utf8), type: "application/json")
            case "HTML": .body(Array("<html>sign in</html>".utf8), type: "text/html")
            default: .body(Array("plain words under an image's label".utf8), type: "image/png")
            }
        let upstream = try HuggingFaceScript([fault])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let answer = try await host.generate("a fox")
            try await eventually("the job on disk") { host.doneJobs.count == 1 }

            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.content == HuggingFaceScript.content("a fox"))
            #expect(attempts(host) == [["failed", "succeeded"]])
            #expect(upstream.calls == 2)
            #expect(filesBelow("\(host.state)/images").count == 1, "nothing of the failed answer is kept")
        }
    }

    @Test @LoopActor func `a whole PNG that ends inside a chunk is not believed`() async throws {
        let picture = HuggingFaceScript.picture("a fox")
        let upstream = try HuggingFaceScript([.body(Array(picture.dropLast(20)), type: "image/png")])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let answer = try await host.generate("a fox")

            #expect(answer.content == Content(picture))
            #expect(upstream.calls == 2)
        }
    }

    @Test @LoopActor func `five failures end the job, and each attempt says why`() async throws {
        let upstream = try HuggingFaceScript(then: .error(500, "the painter fell asleep"))
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let id = try await host.accepted("a fox")
            let done = try await host.finished(id)
            let attempts = try #require(done["attempts"]?.array)

            #expect(done["state"] == "failed")
            #expect(attempts.count == 5)
            #expect(attempts.allSatisfy { $0["outcome"] == "failed" && $0["error"]?.string?.isEmpty == false })
            #expect(done["error"]?["message"]?.string?.isEmpty == false)
            #expect(upstream.calls == 5)
        }
    }

    @Test @LoopActor func `the problem of a failed job names the job, whose document has its attempts`() async throws {
        let upstream = try HuggingFaceScript([.error(400, "not this prompt")])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let answer = try await host.generate("a fox")
            let id = try #require(answer.json["job"]?.string, "\(answer.text)")
            let job = try await host.job(id)

            #expect((400..<500).contains(answer.status))
            #expect(job["state"] == "failed")
            #expect(job["error"]?["message"] == answer.json["message"])
            #expect(job["attempts"]?.array?.count == 1)
            #expect(upstream.calls == 1)
        }
    }

    @Test @LoopActor func `a slow drip is an image in the end, with the type of its bytes and not of its label`()
        async throws
    {
        let png = HuggingFaceScript.picture("a fox")
        let upstream = try HuggingFaceScript([
            .drip(30, every: .milliseconds(20)), .body(png, type: "image/jpeg"),
            .body(png, type: "application/octet-stream"),
        ])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            for prompt in ["a fox", "labelled jpeg", "labelled nothing"] {
                let answer = try await host.generate(prompt)

                #expect(answer.status == 200, "\(prompt): \(answer.text)")
                #expect(answer["Content-Type"] == "image/png", "\(prompt)")
                #expect(answer.content == Content(png), "\(prompt)")
            }
            #expect(upstream.calls == 3)
        }
    }

    @Test(
        "A refusal is final and says what to do",
        arguments: [
            (401, "Invalid credentials in Authorization header", ["token"]),
            (402, "You have depleted your monthly included credits.", ["credits"]),
            (
                403, "This authentication method does not have sufficient permissions to call Inference Providers",
                ["permission"]
            ),
            (404, "Model does not exist", ["model"]),
            (410, "https://api-inference.huggingface.co is no longer supported.", ["HUGGINGFACE_BASE_URL"]),
            (400, "`height` and `width` have to be divisible by 8", ["divisible"]),
        ]
    )
    @LoopActor func refusals(status: Int, text: String, parts: [String]) async throws {
        let upstream = try HuggingFaceScript(then: .error(status, text))
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let answer = try await host.generate("a fox")

            #expect(answer.status >= 400)
            expectProblem(answer, answer.status, naming: parts, "\(status)")
            #expect(upstream.calls == 1)
            #expect(!answer.text.contains(HuggingFaceScript.key))
        }
    }

    @Test @LoopActor func `a fault of the provider ends neither host nor function`() async throws {
        let junk: [Reply] = [
            .wire(.wire("this is not HTTP\r\n\r\n")), .wire(.wire("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n")),
            .wire(.wire("HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n")), .wire(.close),
            .wire(.wire("HTTP/1.1 204 No Content\r\n\r\n")),
            .wire(
                .wire(
                    "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/meta-data\r\nContent-Length: 0\r\n\r\n"
                )
            ),
        ]
        let manifest = TestManifest.bundled([("functions.generate.job.attempts", 1)])
        let upstream = try HuggingFaceScript(junk)
        try await withEdge(EdgeOptions(manifest: manifest, environment: upstream.environment)) { host in
            _ = try await host.get("/status")
            let id = host.id
            for number in junk.indices {
                // A model each: five failures in a row would open the circuit of one.
                let answer = try await host.generate([
                    "prompt": .string("prompt \(number)"), "model": .string("acme/painter-\(number)"),
                ])
                #expect(answer.status >= 400, "\(number)")
                expectProblem(answer, answer.status, "junk \(number)")
            }
            let after = try await host.generate("a fox")

            #expect(after.status == 200)
            #expect(host.id == id)
            #expect(upstream.calls == junk.count + 1)
        }
    }

    @Test @LoopActor func `an attempt that passes its time is a failure, and the next one succeeds`() async throws {
        // Later attempts may pass their time too, where the machine is slow.
        let manifest = TestManifest.bundled([
            ("functions.generate.job.timeout", "2s"), ("functions.generate.job.attempts", 20),
        ])
        let upstream = try HuggingFaceScript([.wire(.silence)])
        try await withEdge(EdgeOptions(manifest: manifest, environment: upstream.environment)) { host in
            let answer = try await host.generate("a fox")
            try await eventually("the job on disk") { host.doneJobs.count == 1 }

            #expect(answer.content == HuggingFaceScript.content("a fox"))
            let outcomes = try #require(attempts(host).first)
            #expect(outcomes.count >= 2 && outcomes.last == "succeeded", "\(outcomes)")
            #expect(outcomes.dropLast().allSatisfy { $0 == "failed" }, "\(outcomes)")
            #expect((2...outcomes.count).contains(upstream.calls))
        }
    }

    @Test @LoopActor func `an upstream that is not there is said to be so`() async throws {
        let upstream = try HuggingFaceScript()
        upstream.upstream.close()
        let manifest = TestManifest.bundled([("functions.generate.job.attempts", 1)])
        let options = EdgeOptions(
            manifest: manifest,
            environment: upstream.environment + [("HUGGINGFACE_FORM", "models")]
        )
        try await withEdge(options) { host in
            let answer = try await host.generate("a fox")

            expectProblem(answer, answer.status, naming: ["127.0.0.1"])
            #expect((500...599).contains(answer.status))
        }
    }
}
