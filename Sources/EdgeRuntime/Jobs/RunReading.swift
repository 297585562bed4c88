// What a function's answer to `/_edge/run` means, when it is no artifact.
internal import CivilTime
internal import JSON
internal import Retry

/// Reads the answers of isolate-protocol's table. Pure.
enum RunReading {
    /// Bytes of an answer that is no artifact: a problem document, or a `state` of at most ``stateBytesMax`` with its frame.
    static let bodyBytesMax = 64 << 10
    /// Bytes of the opaque state that a function may leave in the job file.
    static let stateBytesMax = 16 << 10
    /// Characters of a function's sentence that are kept.
    private static let sentenceMax = 1000

    /// - Parameter retryAfter: the field's value, if it was sent.
    static func unfinished(status: Int, retryAfter: String?, body: [UInt8], now: Timestamp) -> (RunOutcome, RunNote) {
        let json = try? JSONValue.parse(body)
        let after = retryAfter.flatMap { RetryAfter.pause($0, now: now) }
        var outcome = RunOutcome(status: status, after: after, estimate: json?["estimate"]?.double)
        // A 2xx that brings no artifact.
        if case .success = outcome { outcome = .failed(.unusableResult) }
        // A cold start of which nobody knows how long it takes: the job's own waits grow.
        if status == 503, json?["loading"]?.bool == true, case .failed = outcome {
            outcome = .limited(status: 503, after: nil, estimate: nil)
        }
        var note = RunNote(
            status: status,
            message: sentence(in: json) ?? fallback(status),
            code: json?["code"]?.string ?? "function_error"
        )
        note.details = json?.object ?? [:]
        note.mayBePaid = json?["mayBePaid"]?.bool ?? false
        note.forgetsState = json?["state"]?.isNull ?? false
        note.isUnfit = json?["unfit"]?.bool ?? false
        if let state = json?["state"], !state.isNull {
            let bytes = state.encoded()
            guard bytes.count <= stateBytesMax else {
                return (
                    .failed(.unusableResult),
                    RunNote(
                        status: status,
                        message: "The function's state has \(bytes.count) bytes; at most \(stateBytesMax) are kept.",
                        code: "state_too_large"
                    )
                )
            }
            note.state = bytes
        }
        return (outcome, note)
    }

    private static func sentence(in json: JSONValue?) -> String? {
        for key in ["detail", "message", "error", "title"] {
            if let text = json?[key]?.string, !text.isEmpty { return String(text.prefix(sentenceMax)) }
        }
        return nil
    }

    private static func fallback(_ status: Int) -> String {
        switch status {
        case 202: "The function asked to be run again later."
        case 429: "The provider's limit is reached."
        case 503: "The model is loading, or the provider is not available."
        default: "The function answered \(status) without a reason."
        }
    }
}

extension JobFailure {
    /// Members of a problem document that say how the function ended, not what a caller must know.
    private static let dropped = [
        "status", "code", "message", "error", "detail", "retryAfter", "requestId", "state", "estimate", "mayBePaid",
        "loading", "unfit",
    ]

    /// The end that a retry decision came to after an answer.
    init(_ reason: RetryDecision.FailReason, _ note: RunNote) {
        var details = note.details
        for key in Self.dropped { details[key] = nil }
        switch reason {
        case .final(let status):
            self.init(status: status, code: note.code, message: note.message, details: details)
        case .attemptsUsed(let failures, let last):
            self.init(
                status: last.status,
                code: "attempts_used",
                message: "\(failures) \(failures == 1 ? "attempt" : "attempts") failed. The last one: \(note.message)",
                details: details
            )
        case .deadline(let status, let retryAfter):
            let seconds = Int(retryAfter.inSeconds.rounded(.up))
            self.init(
                status: status,
                code: "deadline",
                message: "The next attempt would be \(seconds) s from now, beyond the job's deadline. \(note.message)",
                retryAfter: seconds,
                details: details
            )
        }
    }
}
