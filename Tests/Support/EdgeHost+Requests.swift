// What tests ask a host, in a line each.
public import JSON

public typealias Headers = [(name: String, value: String)]

extension EdgeHost {
    public func connect() async throws -> HTTPProbe { try await HTTPProbe(port: port) }

    /// One request on a connection of its own.
    public func ask(
        _ method: String,
        _ target: String,
        _ headers: Headers = [],
        body: [UInt8]? = nil
    ) async throws -> ProbeAnswer {
        let probe = try await connect()
        defer { probe.leave() }
        probe.request(method, target, headers + [("Connection", "close")], body: body)
        return try await probe.answer(toHead: method == "HEAD")
    }

    public func get(_ target: String, _ headers: Headers = []) async throws -> ProbeAnswer {
        try await ask("GET", target, headers)
    }

    public func delete(_ target: String) async throws -> ProbeAnswer { try await ask("DELETE", target) }

    /// POST of JSON.
    public func post(_ target: String, _ body: JSONValue, _ headers: Headers = []) async throws -> ProbeAnswer {
        try await ask("POST", target, [("Content-Type", "application/json")] + headers, body: body.encoded())
    }

    /// An image by POST to generate.
    public func generate(_ body: JSONValue, _ headers: Headers = []) async throws -> ProbeAnswer {
        try await post("/functions/v1/generate", body, headers)
    }

    public func generate(_ prompt: String, _ headers: Headers = []) async throws -> ProbeAnswer {
        try await generate(["prompt": .string(prompt)], headers)
    }

    /// A job whose id is told at once.
    public func accepted(_ body: JSONValue) async throws -> String {
        let answer = try await generate(body, [("Prefer", "respond-async")])
        guard answer.status == 202, let id = answer.json["id"]?.string else {
            throw UnexpectedAnswer(what: "202 with an id", answer: answer)
        }
        return id
    }

    public func accepted(_ prompt: String) async throws -> String { try await accepted(["prompt": .string(prompt)]) }

    public func job(_ id: String, wait: Int? = nil) async throws -> JSONValue {
        let answer = try await get("/functions/v1/status/\(id)" + (wait.map { "?wait=\($0)" } ?? ""))
        guard answer.status == 200 else { throw UnexpectedAnswer(what: "the job \(id)", answer: answer) }
        return answer.json
    }

    /// The document, as soon as `isTrue` of it: by long polls.
    public func job(_ id: String, until isTrue: (JSONValue) -> Bool) async throws -> JSONValue {
        let end = ContinuousClock.now + Changes.patience
        var document = try await job(id)
        while !isTrue(document) {
            guard ContinuousClock.now < end else {
                throw WaitedTooLong(what: "job \(id), which is \(document.text())", limit: Changes.patience)
            }
            document = try await job(id, wait: 2)
        }
        return document
    }

    /// The document of an ended job.
    public func finished(_ id: String) async throws -> JSONValue {
        try await job(id) { ["succeeded", "failed", "canceled"].contains($0["state"]?.string) }
    }

    /// Returns when the host has let go of every job. What a job leaves on disk can be seen before that: until the folder is synced,
    /// an equal request follows the work that has just ended and not the cache.
    public func settled() async throws {
        try await eventually(
            "the host to let go of all jobs",
            asking: { try await get("/metrics").text.split(separator: "\n").contains("edge_jobs_unfinished 0") }
        )
    }

    /// Files of jobs that have not ended, and of those that have: id to document.
    public var activeJobs: [String: JSONValue] { Self.documents(in: "\(state)/jobs/active") }

    public var doneJobs: [String: JSONValue] {
        filesIn("\(state)/jobs/done").reduce(into: [:]) { all, day in
            all.merge(Self.documents(in: "\(state)/jobs/done/\(day)")) { first, _ in first }
        }
    }

    private static func documents(in folder: String) -> [String: JSONValue] {
        filesIn(folder).reduce(into: [:]) { documents, name in
            guard name.hasSuffix(".json"), let text = fileText("\(folder)/\(name)") else { return }
            documents[String(name.dropLast(5))] = (try? JSONValue.parse(text)) ?? .null
        }
    }

    /// Processes that run functions: those below the host that are not the host's own program.
    public var isolates: [Int32] {
        ProcessTree.descendants(of: id).filter { ProcessTree.name(of: $0).map { $0 != "edge" } ?? false }
    }
}

/// A host's answer that a test cannot go on with.
public struct UnexpectedAnswer: Error, CustomStringConvertible {
    let what: String
    let answer: ProbeAnswer
    public var description: String { "wanted \(what), got \(answer.status): \(answer.text.prefix(600))" }
}
