// How a run ends whose caller's own token cannot be used.
internal import Retry

extension RunAnswer {
    /// Another lane of the job, where it has one, may do it.
    static func ownTokenGone(_ provider: String) -> RunAnswer {
        let message =
            "The job goes on your own token for \(provider), which is no longer set. Set one with "
            + "PUT /functions/v1/tokens/\(provider) and send the request again, or send it again without one."
        return .unfinished(.final(status: 424), RunNote(status: 424, message: message, code: "own_token_gone"))
    }

    static func ownTokenSealed(_ error: SealedAway) -> RunAnswer {
        let message = "\(error). Set it again with PUT /functions/v1/tokens/\(error.provider)."
        return .unfinished(.final(status: 424), RunNote(status: 424, message: message, code: "own_token_sealed"))
    }
}
