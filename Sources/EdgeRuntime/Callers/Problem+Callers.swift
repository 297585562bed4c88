// What callers are told whom the host does not know.

extension Problem {
    /// Not 404: whoever has the id may read the job, so that it exists is no secret.
    static func notYourJob(_ id: String) -> Problem {
        Problem(
            status: 403,
            code: "not_your_job",
            message:
                "The job \(id) was made by a known caller: only that caller (and the end user that was named), or an operator's "
                + "key, may cancel or remove it. Send the key or token that it was made with."
        )
    }

    /// A function with `"auth": "required"`, and a request that shows nothing.
    package static func callerUnknown(_ name: String) -> Problem {
        Problem(
            status: 401,
            code: "caller_unknown",
            message: "the function \(name) is for known callers only (auth in functions.json): send a key that "
                + "`edge keys create` made, or a user's token, as Authorization: Bearer, apikey or x-api-key"
        )
    }

    package static let wrongCredential = Problem(
        status: 401,
        code: "caller_unknown",
        message: "what this request shows to say who asks is no key of this host; keys begin with edge_"
    )

    package static func wrongToken(_ reason: String) -> Problem {
        Problem(status: 401, code: "token_refused", message: "the token is refused: \(reason)")
    }

    package static func wrongKey(_ reason: String) -> Problem {
        Problem(status: 401, code: "key_refused", message: "the key is refused: \(reason)")
    }
}
