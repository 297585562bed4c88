// A caller's own token as it is kept, and how one is named.
internal import CivilTime
internal import Secrets

/// Whose token for which provider.
struct TokenName: Hashable, Sendable {
    /// Nil: nobody's, so that there is none.
    let owner: String?
    let provider: String
}

/// Everything that is kept of a token. The token itself is sealed for its owner and provider.
struct KeptToken: Equatable, Sendable {
    let owner: String
    let provider: String
    let sealed: TokenKeys.Sealed
    let set: Timestamp
    /// What its provider said of it when it was set.
    let check: String

    var name: TokenName { TokenName(owner: owner, provider: provider) }

    func sealed(again sealed: TokenKeys.Sealed) -> KeptToken {
        KeptToken(owner: owner, provider: provider, sealed: sealed, set: set, check: check)
    }
}
