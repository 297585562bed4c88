// What a job file means to a host that starts: work to take up again.
internal import Callers
internal import CivilTime
internal import JSON

/// One unfinished job as its file tells it. Pure, so that every kind of file can be tried.
struct RecoveredJob: Equatable, Sendable {
    let id: String
    let function: String
    let generation: String
    /// Who asked; files of older versions do not tell.
    let caller: Caller
    /// In whose place it waits; nil: its caller's.
    let tier: Tier?
    let serial: Int64?
    let ticket: Ticket
    let created: Timestamp
    let started: Timestamp?
    let deadline: Timestamp
    var attempts: [Attempt]
    let attemptsOmitted: Int
    let failures: Int
    let waits: Int
    let resumeState: [UInt8]?
    let idempotency: IdempotencyMark?
    let webhook: Webhook?
    /// Who is charged for the work; files of older versions name nobody but the caller.
    let payer: Caller
    /// Micro-dollars that it held; nil in files of older versions.
    let reserved: Int64?
    /// When it is due; nil: at once.
    var due: Timestamp?

    /// Why a file is not a job that this version can go on with.
    struct Unreadable: Error, Equatable {
        let reason: String
    }

    init(_ stored: JSONObject) throws(Unreadable) {
        func text(_ key: String) throws(Unreadable) -> String {
            guard let value = stored[key]?.string else {
                throw Unreadable(reason: "\"\(key)\" is missing or no string")
            }
            return value
        }
        func moment(_ key: String) throws(Unreadable) -> Timestamp {
            guard let value = Timestamp(iso8601: try text(key)) else {
                throw Unreadable(reason: "\"\(key)\" is no time")
            }
            return value
        }
        guard stored["version"]?.integer == JobDocument.version else {
            throw Unreadable(reason: "its version is not \(JobDocument.version)")
        }
        guard let input = stored["input"], input.object != nil else {
            throw Unreadable(reason: "\"input\" is no object")
        }
        id = try text("id")
        function = try text("function")
        generation = try text("generation")
        created = try moment("created")
        deadline = try moment("deadline")
        caller = stored["caller"].flatMap { Caller($0) } ?? .local
        tier = stored["tier"]?.string.flatMap(Tier.init)
        serial = stored["serial"]?.integer
        payer = stored["payer"].flatMap { Caller($0) } ?? caller
        reserved = stored["reserved"]?.integer.map { ChargeRow.bounded($0) }
        started = stored["started"]?.string.flatMap { Timestamp(iso8601: $0) }
        do {
            ticket = Ticket(
                input: input.encoded(),
                key: stored["key"]?.string,
                lanes: try LaneSet(.object(stored), function: try text("function")),
                isFresh: stored["fresh"]?.bool ?? false,
                inputs: Self.inputs(of: stored),
                refusesNSFW: stored["nsfw"]?.bool == false
            )
        } catch let error as Lane.Mistake {
            throw Unreadable(reason: error.reason)
        } catch let error as Unreadable {
            throw error
        } catch {
            throw Unreadable(reason: "its lanes cannot be read")
        }
        attempts = (stored["attempts"]?.array ?? []).compactMap { Attempt($0) }
        attemptsOmitted = Int(clamping: stored["attemptsOmitted"]?.integer ?? 0)
        failures = Int(clamping: stored["retry"]?["failures"]?.integer ?? 0)
        waits = Int(clamping: stored["retry"]?["waits"]?.integer ?? 0)
        if let state = stored["resumeState"], !state.isNull { resumeState = state.encoded() } else { resumeState = nil }
        idempotency = IdempotencyMark(in: stored)
        webhook = Webhook(in: stored)?.anew
        due = stored["nextAttemptAt"]?.string.flatMap { Timestamp(iso8601: $0) }
    }

    private static func inputs(of stored: JSONObject) -> JobInputs {
        let records = JobDocument.inputs(in: stored)
        return JobInputs(names: records.map(\.sha256), records: records)
    }

    /// The host died under the last attempt if that has no end: it may have been paid, unless its provider knows its id and can
    /// be asked.
    mutating func markLostAttempt(now: Timestamp) {
        guard let last = attempts.indices.last, attempts[last].outcome == nil else { return }
        attempts[last].outcome = .lost
        attempts[last].ended = now
        attempts[last].isPerhapsPaid = resumeState == nil && lane?.takesAttemptIDs != true
        attempts[last].error =
            "The host stopped during this attempt." + (attempts[last].isPerhapsPaid ? " It may have been paid." : "")
        due = nil
    }

    /// The lane of the last attempt.
    var lane: Lane? {
        guard let name = attempts.last?.lane else { return nil }
        return ticket.lanes.lanes.first { $0.name == name }
    }

    /// The lanes that the job has left: their providers failed it, and may still work on what was begun there.
    var tried: Set<String> { Set(attempts.filter { $0.movedOn != nil }.compactMap(\.lane)) }

    /// The id that the provider is to be asked about before anything is sent again.
    var unsure: String? {
        guard let last = attempts.last, lane?.takesAttemptIDs == true, resumeState == nil else { return nil }
        return last.outcome == .lost || last.isUnsure ? last.id : nil
    }
}

extension RecoveredJob {
    /// How far its file follows its work. Of a cancelled job whose end was not written it stands still, while a follower's goes on.
    var knowledge: (attempts: Int, isLastEnded: Int, hasTask: Int) {
        let outcome = attempts.last?.outcome
        return (attempts.count, outcome == nil || outcome == .lost ? 0 : 1, resumeState == nil ? 0 : 1)
    }
}
