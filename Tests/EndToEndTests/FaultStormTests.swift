// Many jobs over all providers, most of which fail now and then, on a host that is killed on the way.
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

struct FaultStormTests {
    init() { TestLoop.start() }

    /// `EDGE_STORM_JOBS`: how many jobs.
    private static let jobs = getenv("EDGE_STORM_JOBS").flatMap { Int(String(cString: $0)) } ?? 200
    private static let kills = 3

    @Test @LoopActor func `every job ends, nothing is paid twice, and every call stands in a job file`() async throws {
        let storm = try Storm()
        try await withEdge(storm.options) { host in
            let left = { filesIn("\(host.state)/jobs/active").count }
            var accepted: Set<String> = []
            var number = 0
            for round in 0...Self.kills {
                let goal = Self.jobs * (round + 1) / (Self.kills + 1)
                while accepted.count < goal {
                    let first = number
                    number += min(50, goal - accepted.count)
                    accepted.formUnion(try await ids(of: host, first..<number))
                }
                guard round < Self.kills else { break }
                // Somewhere in the work, if there is that much left.
                let calls = storm.calls + Int.random(in: 0...20)
                try await eventually("\(calls) calls, or no more work", atMost: .seconds(240)) {
                    storm.calls >= calls || left() == 0
                }
                try await host.restart()
            }
            try await eventually("\(left()) jobs to end", atMost: .seconds(240)) { left() == 0 }
            check(host, storm, accepted)
        }
    }

    /// Ten connections at once.
    @LoopActor
    private func ids(of host: EdgeHost, _ numbers: Range<Int>) async throws -> [String] {
        let clients = (0..<10).map { part in
            Task { @LoopActor in
                let probe = try await host.connect()
                defer { probe.leave() }
                var ids: [String] = []
                for number in numbers where number % 10 == part {
                    let headers: Headers = [("Content-Type", "application/json"), ("Prefer", "respond-async")]
                    probe.request("POST", "/generate", headers, body: Storm.body(number).encoded())
                    let answer = try await probe.answer()
                    guard answer.status == 202, let id = answer.json["id"]?.string else {
                        throw UnexpectedDocument(text: answer.text)
                    }
                    ids.append(id)
                }
                return ids
            }
        }
        var ids: [String] = []
        for client in clients { ids += try await client.value }
        return ids
    }

    @LoopActor
    private func check(_ host: EdgeHost, _ storm: Storm, _ accepted: Set<String>) {
        let done = host.doneJobs
        #expect(accepted.isSubset(of: done.keys), "each accepted job has a document")
        #expect(filesIn("\(host.state)/jobs/dead").isEmpty)
        var (calls, attempts, lost, failed, lookedUp) = (0, 0, 0, 0, 0)
        for document in done.values {
            let state = document["state"]?.string
            #expect(state == "succeeded" || state == "failed", "\(document.text())")
            if state == "failed" { failed += 1 }
            #expect(document["attemptsOmitted"] == 0)
            let prompt = document["input"]?["prompt"]?.string ?? ""
            for lane in ["runware", "huggingface", "openai", "civitai"] {
                // A question about a task that runs is an attempt that resumes; a lost one may have died before its call.
                // One that ended with the look-up of its model has made no call either, and cannot have cost anything.
                let begun = document.attempts.filter { $0["lane"]?.string == lane && $0["resumes"] != true }
                let made = begun.filter { !Storm.endedAtTheHub($0) }
                let uncalled = begun.filter(Storm.endedAtTheHub)
                #expect(uncalled.allSatisfy { $0["perhapsPaid"] == nil }, "\(document.text())")
                lookedUp += uncalled.count
                let ids = Set(made.compactMap { $0["id"]?.string })
                let unsure = made.filter { $0["outcome"] == "lost" }
                let mayBeUncalled = Set(unsure.compactMap { $0["id"]?.string }).count
                let count = storm.made(prompt, at: lane)
                #expect(
                    (ids.count - mayBeUncalled...ids.count).contains(count),
                    "\(count) calls of \(lane) for \(prompt): \(document.text())"
                )
                (calls, attempts, lost) = (calls + count, attempts + ids.count, lost + mayBeUncalled)
                guard let named = storm.ids(prompt, at: lane) else { continue }
                #expect(named.isSubset(of: ids), "\(document.text())")
                let paid = lane == "runware" ? storm.runware.paid(for: prompt) : storm.civitai.paid(for: prompt)
                #expect(paid <= 1, "\(prompt) was paid twice at \(lane): \(document.text())")
            }
        }
        #expect(storm.prompts.isSubset(of: done.values.compactMap { $0["input"]?["prompt"]?.string }))
        #expect(storm.runware.paid.values.allSatisfy { $0 == 1 })
        #expect(storm.civitai.paid.values.allSatisfy { $0 == 1 })
        // Not each faulty look-up ends an attempt: what another has learned meanwhile serves, and a kill may hide how one ended.
        #expect(lookedUp <= storm.hubFaults)
        print(
            "fault storm: \(done.count) jobs (\(failed) failed), \(Self.kills) kills, \(calls) image-making calls and \(attempts) attempts that make them (\(lost) lost), \(storm.faults) of \(storm.answers) answers faulty (\(storm.hubFaults) of the Hub, \(lookedUp) told, \(storm.fetches) fetches of results), \(storm.runware.paidInAll) paid at Runware, \(storm.civitai.paidInAll) at Civitai"
        )
    }
}

/// All scripted providers, three of ten answers of which are faulty.
@LoopActor
private final class Storm {
    private static let served: [RouterScript.Served] = [
        .hfInference, .falAI, .replicate, .together, .nscale, .wavespeed, .zaiOrg,
    ]
    private static let kinds = served.count + 5

    private(set) var runware: RunwareScript
    let civitai: CivitaiScript
    private let openai: OpenAIScript
    private let routed: [String: RouterScript]
    private let front: ScriptedUpstream
    private let tally: Tally

    @LoopActor
    private final class Tally {
        /// Image-making calls, by lane and prompt.
        var made: [String: Int] = [:]
        var calls = 0
        var faults = 0
        var hubFaults = 0
        var answers = 0

        /// Three of ten.
        func isFaulty() -> Bool {
            answers += 1
            guard Int.random(in: 0..<10) < 3 else { return false }
            faults += 1
            return true
        }

        func note(_ lane: String, _ prompt: String) {
            made["\(lane) \(prompt)", default: 0] += 1
            calls += 1
        }
    }

    init() throws {
        let tally = Tally()
        self.tally = tally
        runware = try RunwareScript { _, _ in
            tally.calls += 1
            return Self.runwarePlay(tally)
        }
        civitai = try CivitaiScript { _, _ in
            tally.calls += 1
            return Self.civitaiPlay(tally)
        }
        openai = try OpenAIScript { _, request in
            tally.note("openai", OpenAIScript.prompt(of: request))
            guard tally.isFaulty() else { return .image }
            return [
                .text(500, "down"), .resetBefore, .resetAfter, .cut(30, reset: false), .page(502),
                .limited([("Retry-After", "1")]), .body(Array("{}".utf8), type: "application/json"),
            ].randomElement() ?? .image
        }
        let routed = try Dictionary(
            uniqueKeysWithValues: Self.served.map {
                ($0.rawValue, try RouterScript($0, spoiling: { Self.lostFetch(tally) }))
            }
        )
        self.routed = routed
        front = try ScriptedUpstream { request in Self.route(request, routed, tally) }
    }

    private static func runwarePlay(_ tally: Tally) -> RunwarePlay {
        let plays: [RunwarePlay] = [
            .lostBefore, .lostAfter, .cutAfter(20), .taken(RunwareScript.page(502)),
            .fails("inferenceError", inside: true),
            .refused("rateLimitExceeded", status: 429), .refused("internalServerError", status: 500),
        ]
        let play = tally.isFaulty() ? plays.randomElement() ?? .normal : .normal
        let answers: [ScriptedAnswer?] = (0..<3).map { _ in
            tally.isFaulty() ? [.reset, RunwareScript.page(502)].randomElement() : nil
        }
        return play.questions(answers).fetches((0..<3).map { _ in lostFetch(tally) })
    }

    private static func civitaiPlay(_ tally: Tally) -> CivitaiPlay {
        let plays: [CivitaiPlay] = [
            .lostBefore, .lostAfter, .cutAfter(20), .taken(CivitaiScript.page(502)), .ends("failed", reason: "timeout"),
            .ends("expired"), .refused(CivitaiScript.problem(429, "Too Many Requests")),
            .refused(CivitaiScript.page(500)), .expiring,
        ]
        let usual = [CivitaiPlay.finished, .normal].randomElement() ?? .normal
        let play = tally.isFaulty() ? plays.randomElement() ?? usual : usual
        let answers: [ScriptedAnswer?] = (0..<2).map { _ in
            tally.isFaulty() ? [.reset, CivitaiScript.page(502)].randomElement() : nil
        }
        return play.questions(answers).fetches((0..<3).map { _ in lostFetch(tally) })
    }

    /// The picture is there and paid for, and does not come.
    private static func lostFetch(_ tally: Tally) -> ScriptedAnswer? {
        guard tally.isFaulty() else { return nil }
        let whole = ScriptedAnswer.bytes(RouterScript.picture, type: "image/png")
        return [.reset, .status(502), whole.truncated(to: whole.wireBytes.count - 20)].randomElement()
    }

    /// What the Hub says when it cannot tell who serves a model: each is told from a provider's own words.
    private static func hubFault() -> ScriptedAnswer {
        let answers: [ScriptedAnswer] = [
            .json(500, #"{"error":"the Hub is down"}"#), .json(502, #"{"error":"the Hub is down"}"#),
            .json(429, #"{"error":"the Hub is busy"}"#, headers: [("Retry-After", "1")]), .json(200, "[]"),
        ]
        return answers.randomElement() ?? .reset
    }

    /// Whether an attempt ended with the look-up of its model, before anything was asked for.
    static func endedAtTheHub(_ attempt: JSONValue) -> Bool {
        let error = attempt["error"]?.string ?? ""
        return ["the Hub is down", "the Hub is busy", "the Hub's answer"].contains { error.contains($0) }
    }

    /// The Hub, and the router with everybody behind it.
    private static func route(
        _ request: ScriptedRequest,
        _ routed: [String: RouterScript],
        _ tally: Tally
    ) -> ScriptedAnswer {
        let parts = request.path.split(separator: "/").map(String.init)
        if request.path.hasPrefix("/api/models/"), let script = routed[parts.last ?? ""] {
            guard tally.isFaulty() else { return script.answer(request) }
            tally.hubFaults += 1
            return hubFault()
        }
        guard let script = routed[parts.first ?? ""] else { return .status(404) }
        let isMaking = request.method == "POST" && !request.path.hasSuffix("/cancel")
        if isMaking { tally.note("huggingface", prompt(of: request)) }
        guard tally.isFaulty() else { return script.answer(request) }
        var answers: [ScriptedAnswer] = [.json(500, #"{"error":"down"}"#), .reset, .status(502)]
        if isMaking {
            answers += [
                .json(429, #"{"error":"Rate limit reached"}"#, headers: [("Retry-After", "1")]),
                .json(503, #"{"error":"Model is currently loading"}"#),
            ]
            let whole = script.answer(request)
            answers += [whole.truncated(to: 40), whole.truncated(to: whole.wireBytes.count - 5, reset: true)]
        }
        return answers.randomElement() ?? .reset
    }

    private static func prompt(of request: ScriptedRequest) -> String {
        guard let start = request.text.firstRange(of: "storm ")?.lowerBound else { return "?" }
        return String(request.text[start...].prefix { $0 != "\"" })
    }

    // MARK: The load

    static func body(_ number: Int) -> JSONValue {
        var body: JSONObject = ["prompt": .string("storm \(number)")]
        switch number % kinds {
        case let place where place < served.count:
            body["provider"] = "huggingface"
            body["model"] = .string("storm/\(served[place].rawValue)")
        case served.count: body["provider"] = "runware"
        case served.count + 1: body["provider"] = "openai"
        case served.count + 2:
            body["provider"] = "sandbox"
            (body["width"], body["height"]) = (64, 64)
        case served.count + 3: body["provider"] = "civitai"
        default:
            body["provider"] = ["runware", "huggingface", "openai", "civitai"]
            body["model"] = "mixed"
        }
        return .object(body)
    }

    var options: EdgeOptions {
        var options = EdgeOptions(
            manifest: TestManifest.bundled([
                ("functions.generate.job.perDay", 0), ("functions.generate.job.concurrency", 64),
            ]),
            environment: runware.environment + openai.environment + civitai.environment + [
                ("HUGGINGFACE_API_KEY", HuggingFaceScript.key), ("HUGGINGFACE_BASE_URL", front.url),
                ("HUGGINGFACE_HUB_URL", front.url),
            ]
        )
        options.settings = TestSettings.bundled([
            ("results.allow", ["127.0.0.1"]), ("quotas", ["runware": ["atOnce": 200], "civitai": ["atOnce": 200]]),
            (
                "models.mixed",
                [
                    "runware": "runware:100@1", "huggingface": "storm/hf-inference", "openai": "gpt-image-1-mini",
                    "civitai": .string(CivitaiScript.model),
                ]
            ),
        ])
        return options
    }

    // MARK: What came

    /// Image-making calls.
    var calls: Int { tally.calls }
    var faults: Int { tally.faults }
    var hubFaults: Int { tally.hubFaults }
    var fetches: Int { routed.values.reduce(0) { $0 + $1.fetches.count } }
    var answers: Int { tally.answers }

    /// Image-making calls for a prompt. Of who takes ids of ours those with an id of their own: sending an id again makes nothing more.
    func made(_ prompt: String, at lane: String) -> Int {
        ids(prompt, at: lane)?.count ?? tally.made["\(lane) \(prompt)"] ?? 0
    }

    /// The ids under which a prompt was sent; nil for who takes none.
    func ids(_ prompt: String, at lane: String) -> Set<String>? {
        guard ["runware", "civitai"].contains(lane) else { return nil }
        if byPrompt.isEmpty {
            for task in runware.sent {
                note("runware", task["positivePrompt"], task["taskUUID"])
            }
            for workflow in civitai.sent {
                note("civitai", workflow["steps"]?.array?.first?["input"]?["prompt"], workflow["externalId"])
            }
        }
        return byPrompt["\(lane) \(prompt)"] ?? []
    }

    private func note(_ lane: String, _ prompt: JSONValue?, _ id: JSONValue?) {
        byPrompt["\(lane) \(prompt?.string ?? "")", default: []].insert(id?.string ?? "")
    }

    private var byPrompt: [String: Set<String>] = [:]

    /// All that somebody was asked for.
    var prompts: Set<String> {
        let routed = tally.made.keys.compactMap { key in
            key.firstIndex(of: " ").map { String(key[key.index(after: $0)...]) }
        }
        let workflows = civitai.sent.compactMap { $0["steps"]?.array?.first?["input"]?["prompt"]?.string }
        return Set(runware.sent.compactMap { $0["positivePrompt"]?.string }).union(routed).union(workflows)
    }
}
