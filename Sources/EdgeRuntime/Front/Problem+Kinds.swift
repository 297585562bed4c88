// The problems that the front itself answers with.
internal import FileReading
internal import JSON

extension Problem {
    package static let notFound = Problem(
        status: 404,
        code: "not_found",
        message: "nothing is at this path; functions are at /functions/v1/<name>"
    )

    package static func unknownFunction(_ name: String, known: [String]) -> Problem {
        let list = known.isEmpty ? "this host has no functions" : "this host has: \(known.joined(separator: ", "))"
        let shown = name.count > 64 ? name.prefix(64) + "..." : name[...]
        let what = name.isEmpty ? "the path names no function" : "there is no function named \(shown)"
        var problem = Problem(fault: .notFound, status: 404, message: "\(what); \(list)")
        problem.more["functions"] = .array(known.map { .string($0) })
        return problem
    }

    package static func unknownJob(_ id: String) -> Problem {
        Problem(
            status: 404,
            code: "unknown_job",
            message:
                "there is no job \(id.prefix(64)); finished jobs are kept for 7 days, unless host.retention says otherwise"
        )
    }

    /// The host's disk is full or broken.
    static func endNotWritten(_ id: String) -> Problem {
        Problem(
            status: 503,
            code: "not_stored",
            message:
                "the job \(id) has ended, but its end could not be written to disk yet; this is tried again, the host's log says "
                + "why it fails",
            retryAfter: 10
        )
    }

    package static func methodNotAllowed(_ method: String, allow: [String]) -> Problem {
        var problem = Problem(
            status: 405,
            code: "method_not_allowed",
            message: "\(method.prefix(32)) is not allowed here; use \(allow.joined(separator: ", "))"
        )
        problem.allow = allow
        return problem
    }

    package static func originRefused(_ origin: String) -> Problem {
        Problem(
            status: 403,
            code: "origin_not_allowed",
            message:
                "pages of \(origin.prefix(256)) may not call this host; its operator can add the origin to host.origins "
                + "in functions.json"
        )
    }

    package static let notAcceptable = Problem(
        status: 406,
        code: "not_acceptable",
        message: "nothing that Accept names is offered here; ask for \(AnswerChoice.offered)"
    )

    package static func bodyTooLarge(limit: Int) -> Problem {
        Problem(
            status: 413,
            code: "body_too_large",
            message:
                "the request body is larger than \(SizeText.text(of: limit)), the function's limit (body in functions.json)"
        )
    }

    package static func noBodyMemory(_ limit: Int) -> Problem {
        Problem(
            status: 503,
            code: "body_memory",
            message:
                "the host holds as many large request bodies as it may (\(SizeText.text(of: limit)), host.bodyMemory in "
                + "functions.json); try again in a moment, or send the picture as a form, which takes no memory",
            retryAfter: 5
        )
    }

    package static func stopping(retryAfter: Int) -> Problem {
        Problem(
            fault: .internalError,
            status: 503,
            message: "the host is stopping; try again",
            retryAfter: retryAfter
        )
    }

    package static let internalFault = Problem(
        fault: .internalError,
        status: 500,
        message: "the host failed; its log has the reason under this request's id"
    )
}
