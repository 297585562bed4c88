// The block `host.tokens` of functions.json: what holds for provider tokens that callers bring.
internal import FileReading

/// What jobs on callers' own tokens may share with others.
package struct OwnTokenRules: Sendable, Equatable {
    /// `fallback`: whether a request that a caller's own token can do may go on with the host's keys when that token fails. Default false.
    package var fallback = false
    /// `shareCache`: whether results that own tokens have paid for answer other callers too, and the other way round. Default false.
    package var shareCache = false

    package init() {}

    init(from section: inout FileSection) {
        self.init()
        fallback = section.flag("fallback", default: fallback)
        shareCache = section.flag("shareCache", default: shareCache)
        section.refuseUnknownKeys(hints: [
            "key": "the key that seals tokens is the secret EDGE_TOKEN_KEY, which belongs into no manifest"
        ])
    }
}
