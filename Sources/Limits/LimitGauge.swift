// How one rule stands for one who asks.
internal import Callers
internal import CivilTime

/// What is left of one rule, and when there will be more.
package struct LimitGauge: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case cooldown, minute, day, month
    }

    package let limit: Limit
    package let kind: Kind
    /// Images or requests in one window, and the seconds that it has.
    package let quota: Int
    package let window: Int
    package let left: Int
    /// Until there is more.
    package let wait: Duration

    /// `free-day`.
    package var name: String { "\(limit.holder.name)-\(kind.rawValue)" }

    /// Whether it forbids one more.
    var isViolated: Bool { left == 0 && !isSlow }
    /// Whether one more is made, but later.
    var isSlow: Bool { left == 0 && kind == .month && limit.rules.beyond == .slow }

    /// How rules of a limit stand, cooldown first.
    static func all(of limit: Limit, _ use: ImageUse, _ minute: MinuteUse?, _ zone: TimeZone, now: Timestamp) -> [Self]
    {
        let rules = limit.rules
        var gauges: [Self] = []
        if rules.cooldown > .zero {
            let wait = use.wait(rules.cooldown, now: now)
            gauges.append(
                Self(
                    limit: limit,
                    kind: .cooldown,
                    quota: 1,
                    window: max(1, rules.cooldown.wholeSeconds),
                    left: wait > .zero ? 0 : 1,
                    wait: wait
                )
            )
        }
        if rules.perMinute > 0 {
            let minute = minute.flatMap { $0.isOver(at: now) ? nil : $0 }
            gauges.append(
                Self(
                    limit: limit,
                    kind: .minute,
                    quota: rules.perMinute,
                    window: 60,
                    left: max(0, rules.perMinute - (minute?.requests ?? 0)),
                    wait: minute?.left(at: now) ?? MinuteUse.length
                )
            )
        }
        if rules.perDay > 0 {
            let day = zone.day(of: now)
            let end = zone.start(ofDay: day + 1)
            gauges.append(
                Self(
                    limit: limit,
                    kind: .day,
                    quota: rules.perDay,
                    window: (end - zone.start(ofDay: day)).wholeSeconds,
                    left: max(0, rules.perDay - use.images(onDay: day)),
                    wait: max(end - now, .seconds(1)) + limit.subject.spread
                )
            )
        }
        if rules.perMonth > 0 {
            let month = zone.month(of: now)
            let end = zone.start(ofMonth: month + 1)
            gauges.append(
                Self(
                    limit: limit,
                    kind: .month,
                    quota: rules.perMonth,
                    window: (end - zone.start(ofMonth: month)).wholeSeconds,
                    left: max(0, rules.perMonth - use.images(inMonth: month)),
                    wait: max(end - now, .seconds(1)) + limit.subject.spread
                )
            )
        }
        return gauges
    }
}

extension Subject {
    /// Up to a minute, always the same for one subject: not all come back in the first second of a day.
    fileprivate var spread: Duration {
        let hash = text.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return .seconds(Int(hash % 60))
    }
}

extension Duration {
    /// Rounded up: who comes too early is refused again.
    package var wholeSeconds: Int {
        let (seconds, rest) = components
        return Int(clamping: seconds) + (rest > 0 ? 1 : 0)
    }
}
