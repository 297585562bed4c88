import TestSupport
import Testing

@testable import EdgeFunction

struct JobFunctionTests {
    init() { TestLoop.start() }

    /// What a run answers is chosen by its input; what it was asked is answered as facts.
    private struct Painter: JobFunction {
        func admit(_ request: Request) async throws -> Ticket {
            guard request.target == "/paint?size=2" else {
                throw Problem(status: 400, code: "bad_size", detail: "size is missing", members: ["field": "size"])
            }
            let body = String(decoding: try await request.body.collect(upTo: 100), as: UTF8.self)
            return Ticket(
                input: ["method": .string(request.method), "body": .string(body)],
                key: "k",
                lane: "paint",
                price: 1900,
                accept: "image/*"
            )
        }

        func run(_ job: Job) async throws -> Outcome {
            switch job.input["do"]?.string {
            case "facts":
                return .made(
                    Artifact(
                        Array("PNG".utf8),
                        type: "image/png",
                        facts: [
                            "id": .string(job.id), "generation": .string(job.generation),
                            "attempt": .integer(Int64(job.attempt)), "attemptID": .string(job.attemptID),
                            "state": job.state ?? .null, "input": .string(job.inputs["ab"] ?? ""),
                            "deadline": .string(job.deadline?.iso8601 ?? ""), "note": "é\u{1F600}",
                            "lane": .string(job.lane ?? ""), "unsure": .bool(job.isUnsure),
                        ]
                    )
                )
            case "two":
                return .made([
                    Artifact([1, 13, 10], type: "image/png", facts: ["seed": 1]), Artifact([2], type: "image/gif"),
                ])
            case "file", "files":
                let path = job.inputs["ab"] ?? ""
                guard let file = HTTPFile(path: path) else { throw Problem(status: 500, code: "no_file", detail: path) }
                let artifact = Artifact(.file(HTTPFileRegion(file)), type: "video/mp4")
                return .made(job.input["do"] == "file" ? [artifact] : [artifact, Artifact([2], type: "image/gif")])
            case "large":
                return .made(
                    Artifact([1], type: "image/png", facts: ["x": .string(String(repeating: "x", count: 9000))])
                )
            case "later": return .later(after: .milliseconds(200), state: ["request": "r"])
            case "limited": return .limited(after: .seconds(7), detail: "Too fast.")
            case "loading":
                return .loading(after: .seconds(5), estimate: .seconds(20), detail: "Loading.", state: ["waits": 1])
            case "save":
                job.progress(0.25, note: "half of half")
                try await job.save(state: ["provider": "p-1"])
                return .later(after: .seconds(1), state: ["provider": "p-1"])
            default: throw Problem(status: 422, code: "refused", detail: "No.")
            }
        }

        func cancel(job: String, lane: String?, state: JSONValue?) async throws {
            canceled.append("\(job) \(lane ?? "none") \(state?.text() ?? "none")")
        }

        func check(_ provider: String) async throws -> String {
            guard provider == "runware" else {
                throw Problem(status: 424, code: "bad_key", detail: "The key is wrong.")
            }
            return "the key works"
        }
    }

    @LoopActor private func painter(_ control: Control? = nil) throws -> Served {
        try Served(JobFunctionHandler(Painter(), control: control ?? Control(path: nil)))
    }

    @LoopActor private func run(
        _ what: String,
        input: String = "/x",
        control: Control? = nil
    ) async throws -> Answer {
        let body =
            #"{"job":"j1","generation":"g1","attempt":2,"input":{"do":"\#(what)"},"state":{"n":1},"#
            + #""inputs":{"ab":"\#(input)"},"lane":"l1","unsure":true,"deadline":"2026-11-21T10:00:00.000Z"}"#
        return try await painter(control).send("POST", "/_edge/run", headers: ["Edge-Attempt-Id": "a-7"], body: body)
    }

    @Test @LoopActor func `admit sees the caller's own request and gives a ticket`() async throws {
        let answer = try await painter().send(
            "POST",
            "/_edge/admit",
            headers: ["Edge-Method": "PUT", "Edge-Target": "/paint?size=2"],
            body: "blue"
        )

        #expect(answer.status == 200)
        #expect(
            answer.json == [
                "input": ["method": "PUT", "body": "blue"], "key": "k", "lane": "paint", "price": 1900,
                "accept": "image/*",
            ]
        )
    }

    @Test func `a ticket tells its lanes, how to choose, and its pictures`() {
        let ticket = Ticket(
            input: [:],
            lanes: [
                Lane(
                    name: "r",
                    provider: "runware",
                    model: "runware:100@1",
                    account: "runware#1f0c7a52",
                    price: 1900,
                    quota: Quota(every: .milliseconds(2500), hour: 30, day: 1000, atOnce: 4),
                    takesAttemptIDs: true
                ), Lane(name: "s", provider: "sandbox", weight: 0.5),
            ],
            choose: .cheapest,
            inputs: ["ab"]
        )

        #expect(
            ticket.document == [
                "input": [:], "key": nil, "price": nil, "choose": "cheapest", "inputs": ["ab"],
                "lanes": [
                    [
                        "name": "r", "provider": "runware", "model": "runware:100@1", "account": "runware#1f0c7a52",
                        "price": 1900, "weight": .double(1),
                        "quota": ["every": 2.5, "hour": 30, "day": 1000, "atOnce": 4], "takesAttemptIDs": true,
                    ],
                    [
                        "name": "s", "provider": "sandbox", "model": nil, "account": "sandbox", "price": nil,
                        "weight": 0.5, "takesAttemptIDs": false,
                    ],
                ],
            ]
        )
    }

    @Test @LoopActor func `a check answers in words, or with what is wrong`() async throws {
        let good = try await painter().send("POST", "/_edge/check", body: #"{"provider":"runware"}"#)
        let bad = try await painter().send("POST", "/_edge/check", body: #"{"provider":"other"}"#)
        let none = try await painter().send("POST", "/_edge/check", body: "{}")
        let plain = try Served(JobFunctionHandler(Plain(), control: Control(path: nil)))

        #expect(good.status == 200 && good.json == ["text": "the key works"])
        #expect(bad.status == 424 && bad.json?["detail"] == "The key is wrong.")
        #expect(none.status == 400)
        #expect(try await plain.send("POST", "/_edge/check", body: #"{"provider":"x"}"#).status == 404)
    }

    @Test @LoopActor func `a function that says nothing of callers' tokens takes none, and cancels nothing with one`()
        async throws
    {
        let served = try painter()
        let token: HTTPHeaders = ["Edge-Provider-Token": "callers-own-0123"]

        let check = try await served.send("POST", "/_edge/check", headers: token, body: #"{"provider":"runware"}"#)
        let cancel = try await served.send("POST", "/_edge/cancel", headers: token, body: #"{"job":"j","state":1}"#)

        #expect(check.status == 501)
        #expect(!String(decoding: check.bytes, as: UTF8.self).contains("callers-own"))
        #expect(cancel.status == 204)
    }

    @Test @LoopActor func `a refusal at admission is a problem document`() async throws {
        let answer = try await painter().send(
            "POST",
            "/_edge/admit",
            headers: ["Edge-Method": "GET", "Edge-Target": "/paint"]
        )

        #expect(answer.status == 400)
        #expect(answer.json?["field"] == "size")
        #expect(answer.json?["code"] == "bad_size")
    }

    /// Admits what is asked for with its body, and says by which way it was asked.
    private struct Prompt: PromptAdmission {
        func admit(_ request: Request) async throws -> Ticket {
            Ticket(input: ["size": .integer(Int64(try await request.body.collect(upTo: 1 << 20).count))])
        }

        func admit(_ asked: AskedRequest) throws -> Ticket {
            if asked.target == "/broken" { throw CancellationError() }
            guard asked.allowsNSFW else { throw Problem(status: 403, code: "no", detail: "No.") }
            return Ticket(
                input: [
                    "method": .string(asked.method), "target": .string(asked.target),
                    "type": .string(asked.contentType ?? ""), "own": .array(asked.ownTokens.map { .string($0) }),
                    "body": .string(String(decoding: asked.body, as: UTF8.self)),
                ]
            )
        }

        func run(_ job: Job) async throws -> Outcome { throw Problem(status: 422, code: "no", detail: "No.") }
    }

    @Test @LoopActor func `admission that waits for nothing sees all it needs, and its refusals are problems`()
        async throws
    {
        let served = try Served(JobFunctionHandler(Prompt(), control: Control(path: nil)))
        let head: HTTPHeaders = [
            "Edge-Method": "PUT", "Edge-Target": "/paint?size=2", "Content-Type": "text/plain",
            "Edge-Own-Tokens": "runware, openai", "Edge-Request-Id": "r-1",
        ]

        let good = try await served.send("POST", "/_edge/admit", headers: head, body: "blue")
        let bare = try await served.send("POST", "/_edge/admit")
        let refused = try await served.send("POST", "/_edge/admit", headers: ["Edge-Nsfw": "false"])
        let broken = try await served.send(
            "POST",
            "/_edge/admit",
            headers: ["Edge-Target": "/broken", "Edge-Request-Id": "r-2"]
        )

        #expect(good.status == 200 && good.headers["Content-Type"] == "application/json")
        #expect(
            good.json?["input"] == [
                "method": "PUT", "target": "/paint?size=2", "type": "text/plain", "own": ["runware", "openai"],
                "body": "blue",
            ]
        )
        #expect(bare.json?["input"] == ["method": "POST", "target": "/", "type": "", "own": [], "body": ""])
        #expect(refused.status == 403 && refused.json?["code"] == "no")
        #expect(refused.headers["Cache-Control"] == "no-store")
        #expect(broken.status == 500 && broken.json?["code"] == "function_failed")
        #expect(broken.json?["requestId"] == "r-2")
    }

    @Test @LoopActor func `a request too large to be received at once is admitted in the usual way`() async throws {
        let served = try Served(JobFunctionHandler(Prompt(), control: Control(path: nil)))

        let answer = try await served.send("POST", "/_edge/admit", body: String(repeating: "x", count: 300_000))
        let other = try await served.send("GET", "/_edge/admit")

        #expect(answer.json?["input"] == ["size": 300_000])
        #expect(other.status == 404)
    }

    @Test @LoopActor func `a run gets all of its job, and an artifact carries its facts in ASCII`() async throws {
        let answer = try await run("facts")

        #expect(answer.status == 200)
        #expect(answer.text == "PNG")
        #expect(answer.headers["Content-Type"] == "image/png")
        let facts = try #require(answer.headers["Edge-Result"])
        #expect(facts.utf8.allSatisfy { $0 < 0x7f })
        #expect(
            try JSONValue.parse(facts) == [
                "id": "j1", "generation": "g1", "attempt": 2, "attemptID": "a-7", "state": ["n": 1], "input": "/x",
                "deadline": "2026-11-21T10:00:00.000Z", "note": "é\u{1F600}", "lane": "l1", "unsure": true,
            ]
        )
    }

    @Test @LoopActor func `several artifacts are parts, each with its type and facts`() async throws {
        let answer = try await run("two")

        let type = try #require(answer.headers["Content-Type"])
        let boundary = try #require(type.split(separator: "boundary=").last)
        #expect(type.hasPrefix("multipart/mixed; boundary="))
        #expect(
            answer.bytes == Array("--\(boundary)\r\nContent-Type: image/png\r\nEdge-Result: {\"seed\":1}\r\n\r\n".utf8)
                + [1, 13, 10, 13, 10]
                + Array("--\(boundary)\r\nContent-Type: image/gif\r\nEdge-Result: {}\r\n\r\n".utf8) + [2, 13, 10]
                + Array("--\(boundary)--\r\n".utf8)
        )
    }

    @Test @LoopActor func `an artifact in a file is sent from there, alone or among others`() async throws {
        let folder = TemporaryFolder()
        let text = String((0..<20_000).flatMap { "\($0) " })
        folder.write(text, to: "video")

        let alone = try await run("file", input: "\(folder.path)/video")
        let among = try await run("files", input: "\(folder.path)/video")

        #expect(alone.headers["Content-Type"] == "video/mp4")
        #expect(String(decoding: alone.bytes, as: UTF8.self) == text)
        let boundary = try #require(among.headers["Content-Type"]?.split(separator: "boundary=").last)
        #expect(
            String(decoding: among.bytes, as: UTF8.self)
                == "--\(boundary)\r\nContent-Type: video/mp4\r\nEdge-Result: {}\r\n\r\n\(text)\r\n"
                + "--\(boundary)\r\nContent-Type: image/gif\r\nEdge-Result: {}\r\n\r\n\u{2}\r\n--\(boundary)--\r\n"
        )
    }

    @Test @LoopActor func `waits and limits are told in the protocol's own words`() async throws {
        let later = try await run("later")
        let limited = try await run("limited")
        let loading = try await run("loading")
        let refused = try await run("else")

        #expect(later.status == 202 && later.headers["Retry-After"] == "1")
        #expect(later.json == ["state": ["request": "r"]])
        #expect(limited.status == 429 && limited.headers["Retry-After"] == "7")
        #expect(loading.status == 503 && loading.headers["Retry-After"] == "5")
        #expect(loading.json?["estimate"]?.double == 20)
        #expect(loading.json?["state"] == ["waits": 1])
        #expect(refused.status == 422 && refused.headers["Retry-After"] == nil)
    }

    @Test @LoopActor func `facts that a header cannot hold are a failure and not a half answer`() async throws {
        #expect(try await run("large").status == 500)
    }

    @Test @LoopActor func `a run saves its state before it goes on, and shows progress`() async throws {
        let gate = Gate()
        let host = ScriptedControl { request in
            if request.path.hasSuffix("/progress") { gate.open() }
            if request.path.hasSuffix("/state") { await gate.wait() }
            return Response(status: 204)
        }
        let socket = try Served(host)

        let answer = try await run("save", control: Control(path: socket.path))

        #expect(answer.status == 202)
        let asked = host.asked.map { "\($0.line) \($0.body)" }.sorted()
        #expect(
            asked == [
                #"PUT /v1/jobs/j1/progress {"fraction":0.25,"note":"half of half"}"#,
                #"PUT /v1/jobs/j1/state {"provider":"p-1"}"#,
            ]
        )
        #expect(host.asked.map { $0.headers["Edge-Attempt-Id"] } == ["a-7", "a-7"])
    }

    @Test @LoopActor func `a state that the host does not keep fails the run`() async throws {
        let socket = try Served(ScriptedControl { _ in .json(["detail": "too large"], status: 413) })

        let answer = try await run("save", control: Control(path: socket.path))

        #expect(answer.status == 500)
    }

    @Test @LoopActor func `cancel hands over the state`() async throws {
        let served = try painter()

        let answer = try await served.send("POST", "/_edge/cancel", body: #"{"job":"j9","lane":"l","state":{"r":1}}"#)

        #expect(answer.status == 204)
        #expect(canceled == [#"j9 l {"r":1}"#])
    }

    @Test @LoopActor func `a function without a description of its own has an empty one`() async throws {
        #expect(try await painter().send("POST", "/_edge/describe").json == [:])
    }

    @Test(
        "What the protocol does not know is refused",
        arguments: [("GET", "/_edge/run"), ("POST", "/"), ("POST", "/_edge/x")]
    )
    @LoopActor func unknown(method: String, path: String) async throws {
        #expect(try await painter().send(method, path).status == 404)
    }

    @Test("A run that is none is refused", arguments: ["", "[]", #"{"job":"j"}"#, "{"])
    @LoopActor func badRun(body: String) async throws {
        #expect(try await painter().send("POST", "/_edge/run", body: body).status == 400)
    }

    private struct Plain: JobFunction {
        func run(_ job: Job) async throws -> Outcome { .made(Artifact([1], type: "image/png")) }
    }

    @Test @LoopActor func `without an admit of its own the input is the JSON body`() async throws {
        let served = try Served(JobFunctionHandler(Plain(), control: Control(path: nil)))

        let answer = try await served.send("POST", "/_edge/admit", body: #"{"a":1}"#)
        let refused = try await served.send("POST", "/_edge/admit", body: "x")

        #expect(answer.json == ["input": ["a": 1], "key": nil, "price": nil])
        #expect(refused.status == 400)
    }
}

@LoopActor private var canceled: [String] = []
