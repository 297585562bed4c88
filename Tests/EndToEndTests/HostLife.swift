// What a host is led through while its disk fails or its process dies, and what must be true of it whatever has happened.
import EdgeLoop
import JSON
import TestSupport
import Testing

/// A story that is told to one host after the other, on one state folder, by clients that do not give up before their host does. It
/// remembers over all hosts what it was promised.
@LoopActor
protocol HostLife: AnyObject, Sendable {
    var host: EdgeHost { get }

    /// Called before each host starts.
    /// - Parameter faults: how many hosts before have met one: each may have lost what it was paying for.
    func prepare(faults: Int) async throws

    /// Asks for everything, or for what is still missing.
    /// - Throws: when the host is gone, or does not do what was asked after some tries; ``PromiseBroken`` is nothing that a fault excuses.
    func run() async throws

    /// Looks at the host that has met no fault, when all of its jobs have ended.
    func check(_ place: Comment) async throws
}

/// Something that no fault excuses.
struct PromiseBroken: Error, CustomStringConvertible {
    let text: String
    var description: String { "a promise was broken: \(text)" }
}

extension HostLife {
    // MARK: Asking

    /// Sends the request, again while the host says "later".
    /// - Parameter caller: what says who asks.
    func accepted(_ body: JSONValue, key: String, _ caller: Headers = []) async throws -> String {
        let headers: Headers = [
            ("Prefer", "respond-async"), ("Accept", "application/json"), ("Idempotency-Key", key),
        ]
        let answer = try await patiently { try await host.generate(body, headers + caller) }
        guard answer.status == 202 || answer.status == 200, let id = answer.json["id"]?.string else {
            throw UnexpectedDocument(text: answer.text)
        }
        return id
    }

    /// Asks again while the host says "later".
    func patiently(_ ask: @LoopActor () async throws -> ProbeAnswer) async throws -> ProbeAnswer {
        var answer = try await ask()
        for _ in 0..<3 where answer.status == 503 {
            try await sleep(for: .milliseconds(50))
            answer = try await ask()
        }
        return answer
    }

    /// The document of a job that was accepted, as soon as `isTime` of it or as it has ended.
    func followed(
        _ id: String,
        until isTime: @LoopActor (JSONValue) -> Bool = { _ in false }
    ) async throws -> JSONValue {
        var document = JSONValue.null
        try await eventually(
            "job \(id), which is \(document.text())",
            asking: {
                let answer = try await host.get("/functions/v1/status/\(id)")
                if answer.status == 404 {
                    throw PromiseBroken(text: "the accepted job \(id) is not known any more: \(answer.text)")
                }
                document = answer.json
                return Self.hasEnded(document) || isTime(document)
            }
        )
        return document
    }

    static func hasEnded(_ document: JSONValue) -> Bool {
        ["succeeded", "failed", "canceled"].contains(document["state"]?.string)
    }

    /// What is spent and what is held, together, in micro-dollars: never more than there is money for.
    func checkMoney(_ moment: String, limit: Int64) async throws {
        let lines = try await host.get("/metrics").text.split(separator: "\n")
        let dollars = lines.filter {
            $0.hasPrefix("edge_spent_today_dollars ") || $0.hasPrefix("edge_reserved_dollars{")
        }
        .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
        let sum = Int64((dollars * 1_000_000).rounded())
        guard sum <= limit else {
            throw PromiseBroken(text: "spent and reserved are more than the budget, \(moment): \(sum) of \(limit)")
        }
    }

    // MARK: At the end

    /// The ended jobs that ask for a prompt.
    func ended(_ prompt: String) -> [JSONValue] {
        host.doneJobs.values.filter { $0["input"]?["prompt"]?.string == prompt }
    }

    /// Each job has one file, whole and where it belongs.
    func expectTidy(_ place: Comment) {
        #expect(filesIn("\(host.state)/jobs/dead").isEmpty, place)
        #expect(filesIn("\(host.state)/jobs/tmp").isEmpty, place)
        let files = filesBelow("\(host.state)/jobs/done").filter { $0.hasSuffix(".json") }
        #expect(files.count == host.doneJobs.count, place)
    }

    /// The ledger has what the providers took, inside the budgets; what nobody can know is marked, and nothing is held.
    /// - Parameters:
    ///   - took: micro-dollars that all providers have taken for what they made.
    ///   - budgets: the names of those in force.
    /// - Returns: the sums of `edge usage`.
    @discardableResult
    func expectLedger(
        took: Int64,
        limit: Int64,
        budgets: [String] = [],
        _ place: Comment
    ) async throws -> JSONValue {
        let usage = try await runEdge(["usage", "--by", "provider", "--json", "--state", host.state], in: host.folder)
        let total = try JSONValue.parse(usage.output)["total"] ?? .null
        let spent = total["microdollars"]?.integer ?? 0
        let perhaps = total["perhapsMicrodollars"]?.integer ?? 0
        #expect((spent - perhaps...spent).contains(took), "\(place): \(took) were taken; \(usage.output)")
        let marked = host.doneJobs.values.flatMap(\.attempts).filter { $0["perhapsPaid"] == true }
        #expect(perhaps == marked.reduce(0) { $0 + ($1["cost"]?.integer ?? 0) }, "\(place): \(usage.output)")
        #expect(spent <= limit, "\(place): \(usage.output)")
        let shown = try await runEdge(["spend", "--state", host.state], in: host.folder).output
        #expect(shown.contains("reserved          $0.00\n"), "\(place): \(shown)")
        for budget in budgets {
            let line = shown.split(separator: "\n").first { $0.hasPrefix(budget) } ?? ""
            #expect(line.contains(" $0.00 "), "\(place): nothing is held, \(shown)")
        }
        return total
    }
}
