// What tests of routes share: a host with several scripted providers, and what they ask of job documents.
import CivilTime
import EdgeLoop
import JSON
import TestSupport

/// One scripted server of each kind, and what a host needs to come to all of them.
@LoopActor
struct RouteProviders {
    let runware: RunwareScript
    let huggingface: HuggingFaceScript
    let openai: OpenAIScript

    init(
        runware: RunwareScript? = nil,
        huggingface: HuggingFaceScript? = nil,
        openai: OpenAIScript? = nil
    ) throws {
        self.runware = try runware ?? RunwareScript()
        self.huggingface = try huggingface ?? HuggingFaceScript()
        self.openai = try openai ?? OpenAIScript()
    }

    /// How often each was asked for an image: Runware, Hugging Face, OpenAI.
    var calls: [Int?] { [runware.sent.count, huggingface.calls, openai.calls] }

    /// Runware answers in one call, which is quicker than to ask it later.
    var environment: [(name: String, value: String)] {
        runware.environment + [("RUNWARE_DELIVERY", "sync")] + huggingface.environment + openai.environment
    }

    /// - Parameter settings: changes of generate.json, by path.
    func options(
        _ settings: [(path: String, value: JSONValue)] = [],
        manifest: [(path: String, value: JSONValue)] = []
    ) -> EdgeOptions {
        var options = EdgeOptions(
            manifest: TestManifest.bundled([("functions.generate.job.perDay", 0)] + manifest),
            environment: environment
        )
        options.settings = TestSettings.bundled([("results.allow", ["127.0.0.1", "::1"])] + settings)
        return options
    }
}

extension EdgeHost {
    /// The document of a job that was waited for by nobody.
    func ended(_ body: JSONValue) async throws -> JSONValue { try await finished(try await accepted(body)) }

    /// The document of a job whose caller waits for it.
    func waitedFor(_ body: JSONValue) async throws -> JSONValue {
        let answer = try await generate(body, [("Accept", "application/json")])
        guard let id = answer.json["id"]?.string else { throw UnexpectedDocument(text: answer.text) }
        return try await finished(id)
    }

    /// What the service document tells of one provider's lanes.
    func lane(_ provider: String) async throws -> JSONValue {
        let lanes = try await get("/status").json["lanes"]?.array ?? []
        return lanes.first { $0["provider"]?.string == provider } ?? .null
    }

    /// The value of a provider's circuit in /metrics; nil when there is none.
    func circuitMetric(_ provider: String) async throws -> String? {
        let lines = try await get("/metrics").text.split(separator: "\n")
        return lines.first { $0.hasPrefix("edge_lane_circuit{") && $0.contains("provider=\"\(provider)\"") }?
            .split(separator: " ").last.map(String.init)
    }
}

struct UnexpectedDocument: Error, CustomStringConvertible {
    let text: String
    var description: String { "wanted a job document, got \(text.prefix(600))" }
}

extension JSONValue {
    /// Of a job document.
    var attempts: [JSONValue] { self["attempts"]?.array ?? [] }
    var lanesTried: [String] { attempts.map { $0["lane"]?.string ?? "?" } }
    var outcomes: [String] { attempts.map { $0["outcome"]?.string ?? "?" } }
}

extension [JSONValue] {
    /// Milliseconds between the starts of all attempts of these job documents, as the host tells them: a test that looks on
    /// a busy machine sees calls late, and so nearer to each other than they were.
    var startGaps: [Int64] {
        let starts = flatMap(\.attempts)
            .compactMap { $0["started"]?.string.flatMap { Timestamp(iso8601: $0) }?.milliseconds }
            .sorted()
        return zip(starts.dropFirst(), starts).map { $0 - $1 }
    }
}

/// Milliseconds at which calls came.
@LoopActor
final class CallTimes {
    private let start = ContinuousClock.now
    private(set) var times: [Int] = []

    func note() { times.append(Int((ContinuousClock.now - start) / .milliseconds(1))) }

    var gaps: [Int] { zip(times.dropFirst(), times).map { $0 - $1 } }
}
