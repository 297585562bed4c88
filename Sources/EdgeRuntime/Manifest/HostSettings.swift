// The `host` block of functions.json.
package import Callers
package import EdgeLoop
package import Limits

/// Settings of the host itself. Where it listens is not among them: that is for flags and the environment.
package struct HostSettings: Sendable, Equatable {
    /// `origins`: which web pages may call. Default `["*"]`: any.
    package var origins: Origins = .any
    /// `publicURL`: what absolute URLs begin with, without a slash at the end. Default null: taken from each request.
    package var publicURL: String?
    /// `trustedProxies`: addresses and networks whose forwarded headers are believed. Default none.
    package var trustedProxies: [AddressRange] = []
    /// `cache.size`: bytes that images may take on disk. Default 2GB, 1MB to 1024TB.
    package var cacheBytes = 2 << 30
    /// `bodyMemory`: bytes that large request bodies may take in memory, all of them together. Default 64MB, 1MB to 1TB.
    package var bodyMemoryBytes = 64 << 20
    /// `drain`: how long what runs may go on after the host was told to stop. Default 8s, 0s to 10m.
    package var drain: Duration = .seconds(8)

    /// `jwt`: which tokens say who asks.
    package var jwt = TokenSettings()

    /// `retention`: how long job files and images are kept, and how much of them.
    package var retention = RetentionSettings()
    /// `tokens`: what jobs on callers' own tokens share with others.
    package var tokens = OwnTokenRules()

    /// `tiers`: what callers of each tier may have. Default nil: tiers are in force once the host knows callers.
    package var tiers: TierTable?

    /// `limits`: what callers, users, groups, addresses and functions may have besides. Without the tiers. Default none.
    package var limits: LimitSettings?

    /// `policy`: the file of blocked words, beside functions.json or by an absolute path. Default none.
    package var policy: String?
    /// `budgets`, `spend`, `timeZone`: what may be spent.
    package var spend = SpendSettings()

    package init() {}
}

/// Which web pages may call the host: the `Origin` their browsers send.
package enum Origins: Sendable, Equatable {
    /// `["*"]`
    case any
    /// Each as a browser writes it, `https://app.example` or `http://localhost:5173`; in the order of the file.
    case listed([String])
}
