// What callers are told of their own tokens.
internal import JSON

extension Problem {
    static let ownTokenStranger = Problem(
        status: 401,
        code: "caller_unknown",
        message: "tokens belong to known callers: send a key that `edge keys create` made, or a user's token, as "
            + "Authorization: Bearer, apikey or x-api-key"
    )

    static func ownTokenProvider(_ name: String, known: [String]) -> Problem {
        Problem(
            status: 404,
            code: "unknown_provider",
            message: known.isEmpty
                ? "no function here takes callers' own tokens (tokens in functions.json)"
                : "no function here takes a token for \(name.prefix(64)); they take tokens for \(known.joined(separator: ", "))"
        )
    }

    static func ownTokenMissing(_ provider: String) -> Problem {
        Problem(
            status: 404,
            code: "no_token",
            message: "you have set no token for \(provider); PUT /functions/v1/tokens/\(provider) sets one"
        )
    }

    static func ownTokenBody(_ reason: String) -> Problem {
        Problem(
            status: 400,
            code: "bad_token",
            message: "\(reason); send {\"token\": \"...\"} with \(TokenFront.tokenBytes.lowerBound) to "
                + "\(TokenFront.tokenBytes.upperBound) visible ASCII characters",
            field: "token"
        )
    }

    static let ownTokenBusy = Problem(
        status: 409,
        code: "token_busy",
        message: "another change of this token is under way; ask again when it is done",
        retryAfter: 1
    )

    static func ownTokenTooOften(_ limit: Int, retryAfter: Int) -> Problem {
        Problem(
            status: 429,
            code: "too_many_checks",
            message: "tokens can be set \(limit) times an hour; wait \(retryAfter) s",
            retryAfter: retryAfter
        )
    }

    static func ownTokensCrowded(retryAfter: Int) -> Problem {
        Problem(
            status: 503,
            code: "too_many_checks",
            message: "too many tokens are being checked right now; wait \(retryAfter) s",
            retryAfter: retryAfter
        )
    }

    static let ownTokensFull = Problem(
        status: 507,
        code: "too_many_tokens",
        message: "this host keeps \(TokenVault.tokensMax) tokens and has no room for another"
    )

    static let ownTokenNotWritten = Problem(
        status: 503,
        code: "not_stored",
        message: "the change could not be written down; ask again later",
        retryAfter: 30
    )

    /// What the function said when it checked a token, which is not kept.
    static func ownTokenRefused(_ provider: String, status: Int, retryAfter: String?, document: JSONObject) -> Problem {
        let said = document["detail"]?.string ?? document["message"]?.string ?? "status \(status)"
        let isPassing = status >= 500 || [408, 425, 429].contains(status)
        guard isPassing, status != 501 else {
            return Problem(
                status: status == 402 ? 402 : 422,
                code: "token_not_taken",
                message: "the token was not kept: \(said)",
                field: "token"
            )
        }
        return Problem(
            status: 503,
            code: "token_not_checked",
            message: "the token could not be checked and was not kept: \(said)",
            retryAfter: retryAfter.flatMap { Int($0) } ?? 30
        )
    }
}
