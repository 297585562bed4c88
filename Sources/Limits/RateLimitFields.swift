// The fields RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers, draft 10). Still a draft, so nothing else writes them.

package struct RateLimitFields: Sendable, Equatable {
    /// `"free-day";q=20;w=86400`
    package let policy: String
    /// `"free-day";r=3;t=5400`
    package let state: String

    /// - Parameter telling: a rule that is told although it is shared by many: it has refused.
    init(_ gauges: [LimitGauge], telling: LimitGauge? = nil) {
        let told = gauges.filter { !$0.limit.holder.isShared || $0 == telling }
        policy = told.map { "\"\($0.name)\";q=\($0.quota);w=\($0.window)" }.joined(separator: ", ")
        state = told.map { gauge in
            // A cooldown that is over has no time until there is more.
            let time = gauge.wait > .zero ? ";t=\(gauge.wait.wholeSeconds)" : ""
            return "\"\(gauge.name)\";r=\(gauge.left)\(time)"
        }.joined(separator: ", ")
    }

    package var isEmpty: Bool { policy.isEmpty }
}
