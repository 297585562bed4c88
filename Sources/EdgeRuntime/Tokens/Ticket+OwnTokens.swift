// What a ticket becomes when its caller has tokens of its own.
internal import Digest

extension Ticket {
    /// Puts own lanes on the caller's accounts, at no cost to the host, and scopes the cache key. A ticket without own lanes stays as it is.
    /// - Parameter accounts: those of the caller's tokens, by provider.
    mutating func settleOwnLanes(
        of owner: String?,
        accounts: [String: String],
        rules: OwnTokenRules,
        function: String
    ) throws(IsolateError) {
        var own: [Lane] = []
        for lane in lanes.lanes where lane.isOwn {
            guard owner != nil, let account = accounts[lane.provider] else {
                let reason =
                    "its ticket's lane \"\(lane.name)\" is on a token for \(lane.provider), which its caller does not have"
                throw .badAnswer(function: function, reason: reason)
            }
            own.append(lane.own(account: account))
        }
        guard !own.isEmpty, let owner else { return }
        // Who brings a token pays with it: the host's money is no silent substitute.
        let others = rules.fallback ? lanes.lanes.filter { !$0.isOwn } : []
        lanes = LaneSet(own + others, choice: lanes.choice)
        if !rules.shareCache { key = key.map { SHA256.hex(of: "own\n\(owner)\n\($0)") } }
    }
}
