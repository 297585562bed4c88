// What somebody is told who has come too soon or too often.
internal import Callers

package struct LimitRefusal: Error, Sendable, Equatable {
    /// The rule that holds the longest.
    package let gauge: LimitGauge
    /// All that forbid it, by their names.
    package let violated: [String]
    package let fields: RateLimitFields
    /// The zone, for times of day.
    let zone: String

    /// Nil when nothing forbids it.
    init?(_ gauges: [LimitGauge], of kinds: Set<LimitGauge.Kind>, zone: String) {
        let violated = gauges.filter { kinds.contains($0.kind) && $0.isViolated }
        guard let longest = violated.max(by: { $0.wait < $1.wait }) else { return nil }
        gauge = longest
        self.violated = violated.map(\.name)
        fields = RateLimitFields(gauges, telling: longest)
        self.zone = zone
    }

    package var retryAfter: Int { max(1, gauge.wait.wholeSeconds) }

    package var code: String {
        switch gauge.kind {
        case .cooldown: "cooldown"
        case .minute: "rate_limit"
        case .day: "daily_limit"
        case .month: "monthly_limit"
        }
    }

    /// What happened and what to do.
    package var sentence: String {
        let people = gauge.limit.holder.people
        let images = "\(gauge.quota) \(gauge.quota == 1 ? "image" : "images")"
        switch gauge.kind {
        case .cooldown:
            return "Wait \(Self.time(retryAfter)): \(people) may make one image every \(Self.time(gauge.window))."
        case .minute:
            let requests = "\(gauge.quota) \(gauge.quota == 1 ? "request" : "requests")"
            return "Wait \(Self.time(retryAfter)): \(people) may send \(requests) a minute."
        case .day:
            return
                "Come back in \(Self.time(retryAfter)): \(people) may make \(images) a day, and they are made. A day ends at "
                + "midnight (\(zone)); images that were made before are still answered."
        case .month:
            return
                "Come back in \(Self.time(retryAfter)): \(people) may make \(images) a month, and they are made. A month ends at "
                + "midnight of its last day (\(zone)); images that were made before are still answered."
        }
    }

    /// `12 s`, `5 min`, `3 h 20 min`, `4 days`: rounded up.
    static func time(_ seconds: Int) -> String {
        if seconds <= 120 { return "\(seconds) s" }
        let minutes = (seconds + 59) / 60
        if minutes <= 120 { return "\(minutes) min" }
        guard minutes <= 48 * 60 else { return "\((minutes + 1439) / 1440) days" }
        return minutes % 60 == 0 ? "\(minutes / 60) h" : "\(minutes / 60) h \(minutes % 60) min"
    }
}
