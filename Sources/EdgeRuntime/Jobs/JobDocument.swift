// The job document: what a job file holds, and the part of it that clients see.
internal import Callers
internal import CivilTime
internal import EdgeLoop
internal import JSON
internal import Retry

/// Turns jobs into documents and files back into jobs. A file is versioned, readable with `cat`, and may be read by other programs.
enum JobDocument {
    /// Raised when a reader of an older document would misread a newer one.
    static let version: Int64 = 1

    /// When the images of a finished job were let go although the job is kept. Their records stay for the operator.
    static let imagesRemoved = "imagesRemoved"

    /// The whole document, as the job's file holds it.
    @LoopActor
    static func stored(_ job: Job) -> JSONObject {
        let generation = job.generation
        var object: JSONObject = [
            "version": .integer(version), "id": .string(job.id), "function": .string(generation.function),
            "state": .string(job.state.rawValue), "caller": job.caller.json, "created": .string(job.created.iso8601),
            "started": time(generation.started), "finished": time(job.canceledAt ?? generation.finished),
            "deadline": .string(generation.deadline.iso8601), "generation": .string(generation.id),
            "key": generation.ticket.key.map { .string($0) } ?? .null,
            "price": generation.ticket.price.map { .integer($0) } ?? .null, "fresh": .bool(generation.ticket.isFresh),
            "input": parsed(generation.ticket.input), "attempts": .array(generation.attempts.map(\.json)),
            "attemptsOmitted": .integer(Int64(generation.attemptsOmitted)),
            "retry": [
                "failures": .integer(Int64(generation.retry.failures)),
                "waits": .integer(Int64(generation.retry.waits)),
            ],
            "resumeState": generation.resumeState.map(parsed) ?? .null,
        ]
        if !generation.ticket.inputs.records.isEmpty {
            object.append("inputs", .array(generation.ticket.inputs.records.map { $0.json(base: nil) }))
        }
        generation.ticket.lanes.write(to: &object)
        if generation.ticket.refusesNSFW { object.append("nsfw", false) }
        if case .waiting(let due) = generation.phase, job.canceledAt == nil {
            object.append("nextAttemptAt", .string(due.iso8601))
        }
        if case .done(.success(let result)) = generation.phase, job.canceledAt == nil { append(result, to: &object) }
        // In one file only: that of the job that the work was accepted for.
        if job.id == generation.id {
            if let serial = generation.serial { object.append("serial", .integer(serial)) }
        }
        if job.tier != job.caller.tier { object.append("tier", .string(job.tier.rawValue)) }
        // Unfinished work tells what it holds, nothing included: the next host takes it up.
        if !job.state.isFinal { object.append("reserved", .integer(generation.reserved)) }
        if generation.spent > 0 { object.append("spent", .integer(generation.spent)) }
        if generation.payer != job.caller { object.append("payer", generation.payer.json) }
        if let mark = job.idempotency { object.append("idempotency", mark.json) }
        if let webhook = job.webhook { object.append("webhook", webhook.json) }
        if let failure = failure(of: job) { object.append("error", failure.json) }
        return object
    }

    /// What clients see of a stored document: no input, no inner state, and absolute image URLs.
    static func shown(
        _ stored: JSONObject,
        base: String,
        place: JobPlace = .none,
        progress: Progress? = nil
    ) -> JSONObject {
        var object: JSONObject = [:]
        for key in [
            "version", "id", "function", "state", "created", "started", "finished", "deadline", "attempts",
            "nextAttemptAt",
        ] {
            object[key] = stored[key] ?? .null
        }
        // A cache entry tells no attempts; clients read them as an array all the same.
        object["attempts"] = .array((stored["attempts"]?.array ?? []).map(shownAttempt))
        if let omitted = stored["attemptsOmitted"]?.integer, omitted > 0 {
            object["attemptsOmitted"] = .integer(omitted)
        }
        object["position"] = place.position.map { .integer(Int64($0)) } ?? .null
        object["estimatedStart"] = time(place.estimatedStart)
        object["progress"] = progress?.json ?? .null
        for key in JobResult.shownFacts { object[key] = stored[key] ?? .null }
        for key in JobResult.rareFacts { object[key] = stored["facts"]?[key] }
        for key in ["reserved", "spent"] { object[key] = stored[key] }
        let isWhole = stored[imagesRemoved] == nil
        let images = isWhole ? (stored["images"]?.array ?? []).compactMap { ImageRecord($0) } : []
        object["images"] = .array(images.map { $0.json(base: base) })
        object[imagesRemoved] = stored[imagesRemoved]
        let inputs = isWhole ? inputs(in: stored) : []
        if !inputs.isEmpty { object["inputs"] = .array(inputs.map { $0.json(base: base) }) }
        object["error"] = stored["error"] ?? .null
        return object
    }

    /// Whether a document tells more than the one before: anything but an estimate that has moved by little.
    static func isNews(_ document: JSONObject, after last: JSONObject?) -> Bool {
        guard var last else { return true }
        guard document != last else { return false }
        guard let start = document["estimatedStart"]?.string.flatMap({ Timestamp(iso8601: $0) }),
            let before = last["estimatedStart"]?.string.flatMap({ Timestamp(iso8601: $0) }),
            before - start < estimateStep, start - before < estimateStep
        else { return true }
        last["estimatedStart"] = document["estimatedStart"]
        return document != last
    }

    /// An estimate that moves by less alone is no news.
    private static let estimateStep = Duration.seconds(3)

    /// An attempt less what belongs to the operator: the account it counts against.
    private static func shownAttempt(_ stored: JSONValue) -> JSONValue {
        guard var attempt = stored.object else { return stored }
        attempt["account"] = nil
        return .object(attempt)
    }

    /// Puts a result in the place of the one that the document tells, if it tells one.
    static func add(_ result: JobResult, to object: inout JSONObject) {
        for (key, value) in members(of: result) { object[key] = value }
    }

    /// Adds a result to a document that tells none.
    static func append(_ result: JobResult, to object: inout JSONObject) {
        for (key, value) in members(of: result) { object.append(key, value) }
    }

    private static func members(of result: JobResult) -> [(String, JSONValue)] {
        JobResult.shownFacts.map { ($0, result.facts[$0] ?? .null) } + [
            ("images", .array(result.images.map { $0.json(base: nil) })), ("facts", .object(result.facts)),
        ]
    }

    /// The result that a stored document tells; nil when it has none.
    static func result(in stored: JSONObject) -> JobResult? {
        guard let images = stored["images"]?.array, !images.isEmpty else { return nil }
        return JobResult(images: images.compactMap { ImageRecord($0) }, facts: stored["facts"]?.object ?? [:])
    }

    /// The pictures that the work of a stored document needs.
    static func inputs(in stored: JSONObject) -> [ImageRecord] {
        (stored["inputs"]?.array ?? []).compactMap { ImageRecord($0) }
    }

    /// All images that a stored document refers to.
    static func pictures(in stored: JSONObject) -> [ImageRecord] {
        if stored[imagesRemoved] != nil { return [] }
        return (result(in: stored)?.images ?? []) + inputs(in: stored)
    }

    @LoopActor
    private static func failure(of job: Job) -> JobFailure? {
        if job.canceledAt != nil { return .canceled }
        if case .done(.failure(let failure)) = job.generation.phase { return failure }
        return nil
    }

    private static func time(_ moment: Timestamp?) -> JSONValue { moment.map { .string($0.iso8601) } ?? .null }

    /// Text that was made by our own encoder: a parse error cannot happen, and null is what it would mean.
    private static func parsed(_ text: [UInt8]) -> JSONValue { (try? JSONValue.parse(text)) ?? .null }
}
