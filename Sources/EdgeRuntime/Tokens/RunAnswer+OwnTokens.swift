// How a run ends whose caller's own token cannot be used.
internal import Retry

extension RunAnswer {
    /// Another lane of the job, where it has one, may do it.
    static func ownTokenGone(_ provider: String) -> RunAnswer {
        let message =
            "This job was to go on your own token for \(provider), which you have removed since. To pay with your own account, set a "
            + "token with PUT /functions/v1/tokens/\(provider) and send the request again; sent again without one, it goes on the "
            + "host's account."
        return .unfinished(.final(status: 424), RunNote(status: 424, message: message, code: "own_token_gone"))
    }

    static func ownTokenSealed(_ error: SealedAway) -> RunAnswer {
        let message = "\(error). Set it again with PUT /functions/v1/tokens/\(error.provider)."
        return .unfinished(.final(status: 424), RunNote(status: 424, message: message, code: "own_token_sealed"))
    }
}
