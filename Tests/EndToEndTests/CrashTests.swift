// The real host, killed at random moments of a running load.
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

struct CrashTests {
    init() { TestLoop.start() }

    /// `EDGE_CRASH_KILLS`: how often the host is killed.
    private static let kills = getenv("EDGE_CRASH_KILLS").flatMap { Int(String(cString: $0)) } ?? 25

    @Test @LoopActor func `every accepted job ends exactly once, whenever the host is killed`() async throws {
        try await killAgainAndAgain(Self.kills)
    }

    /// Fewer, for the steps are the same; only where they are done, and so what is between two of them, differs.
    @Test(.enabled(if: TemporaryFolder.memory != nil)) @LoopActor
    func `every accepted job ends exactly once, with a state in memory too`() async throws {
        try await killAgainAndAgain(max(5, Self.kills / 4), in: TemporaryFolder.memory)
    }

    @LoopActor private func killAgainAndAgain(_ kills: Int, in place: String? = nil) async throws {
        let manifest = TestManifest.bundled([
            ("functions.generate.job.perDay", 0), ("functions.generate.job.attempts", 20),
            ("functions.generate.job.concurrency", 16),
        ])
        let upstream = try HuggingFaceScript { number, _ in
            switch number % 7 {
            case 3: .loading(0.1)
            case 5: .error(500, "now and then")
            default: .drip(200, every: .milliseconds(1))
            }
        }
        let load = CrashLoad()
        var options = EdgeOptions(manifest: manifest, environment: upstream.environment)
        options.place = place
        try await withEdge(options) { host in
            for round in 0..<kills {
                let clients = load.begin(host, round: round)
                // A third of the moments lies in the start, the others in the work.
                if !round.isMultiple(of: 3) { try await load.answer(after: load.answers) }
                let moment = Int64.random(in: 0...150)
                try await sleep(for: .milliseconds(moment))
                try await host.kill()
                for client in clients { await client.value }
                try await host.start()
            }
            let left = {
                host.activeJobs.values.map {
                    "\($0["state"]?.string ?? "?") until \($0["nextAttemptAt"]?.string ?? "-")"
                }
            }
            try await eventually("jobs to end: \(left().sorted())", atMost: .seconds(300)) {
                filesIn("\(host.state)/jobs/active").isEmpty
            }
            try await eventually("the last temporary file to go") { filesIn("\(host.state)/jobs/tmp").isEmpty }
            check(load, host, upstream)
            for id in load.accepted {
                #expect(["succeeded", "failed"].contains(try await host.job(id)["state"]?.string))
            }
        }
    }

    @LoopActor
    private func check(_ load: CrashLoad, _ host: EdgeHost, _ upstream: HuggingFaceScript) {
        let done = host.doneJobs
        let files = filesBelow("\(host.state)/jobs/done").count
        #expect(filesIn("\(host.state)/jobs/dead").isEmpty)
        #expect(files == done.count, "one document each")
        for id in load.accepted {
            #expect(done[id]?["state"] == "succeeded", "\(id): \(done[id]?.text() ?? "no document")")
        }

        // Attempts stand in the file of one follower; equal prompts share a generation, so they are counted by prompt.
        var recorded: [String: Int] = [:]
        for document in done.values {
            guard let prompt = document["input"]?["prompt"]?.string, let generation = document["generation"]?.string
            else { continue }
            let count = (document["attempts"]?.array?.count ?? 0) + Int(document["attemptsOmitted"]?.integer ?? 0)
            recorded["\(prompt)\n\(generation)"] = max(recorded["\(prompt)\n\(generation)"] ?? 0, count)
        }
        var allowed: [String: Int] = [:]
        for (name, count) in recorded { allowed[String(name.prefix { $0 != "\n" }), default: 0] += count }
        var called: [String: Int] = [:]
        for prompt in upstream.prompts { called[prompt, default: 0] += 1 }
        for (prompt, count) in called {
            #expect(
                count <= allowed[prompt] ?? 0,
                "\(prompt) was paid \(count) times, and \(allowed[prompt] ?? 0) are recorded"
            )
        }
        print(
            "crash test: \(Self.kills) kills, \(load.accepted.count) accepted, \(load.answered) answered, \(upstream.calls) calls, \(done.count) documents"
        )
    }
}

/// Clients that ask, each in its own way, until the host is gone.
@LoopActor
private final class CrashLoad {
    /// Ids that a client was told with 202.
    var accepted: Set<String> = []
    var answered = 0
    /// Of any kind.
    private(set) var answers = 0
    private let changes = Changes()

    /// Returns when there are more answers than so many.
    func answer(after count: Int) async throws {
        try await changes.wait(for: "an answer to the load") { answers > count }
    }

    func begin(_ host: EdgeHost, round: Int) -> [Task<Void, Never>] {
        let port = host.port
        return (0..<6).map { client in
            Task { @LoopActor in
                do {
                    let probe = try await HTTPProbe(port: port)
                    for number in 0..<8 {
                        // Two clients ask for the same.
                        let prompt = "round \(round) client \(client / 2) number \(number)"
                        let headers: Headers = client.isMultiple(of: 3) ? [] : [("Prefer", "respond-async")]
                        probe.request("POST", "/generate", headers, body: Array(#"{"prompt":"\#(prompt)"}"#.utf8))
                        let answer = try await probe.answer()
                        answers += 1
                        changes.notify()
                        if answer.status == 202, let id = answer.json["id"]?.string { accepted.insert(id) }
                        if answer.status == 200 { answered += 1 }
                    }
                } catch {}  // the host is gone
            }
        }
    }
}
