// What the owner is told when spending comes to a set amount.
package import CivilTime

/// An amount of a day was reached. Each is raised once a day, and the stop once more for each time that the owner said to go on.
package struct SpendAlert: Sendable, Equatable {
    package enum Kind: String, Sendable {
        /// So much was spent that the owner wanted to know.
        case warn
        /// The host stops by itself: work that the rest of the day's amount does not pay for is refused.
        case stop
    }

    package let kind: Kind
    /// The amount that was set.
    package let amount: Int64
    package let spent: Int64
    package let reserved: Int64
    /// Where the day begins and ends.
    package let zone: TimeZone
    /// When the day began.
    package let since: Timestamp
    /// When the day ends.
    package let until: Timestamp
    /// How often the owner has said to go on that day.
    package let resumes: Int

    package init(
        kind: Kind,
        amount: Int64,
        spent: Int64,
        reserved: Int64,
        zone: TimeZone,
        since: Timestamp,
        until: Timestamp,
        resumes: Int = 0
    ) {
        self.kind = kind
        self.amount = amount
        self.spent = spent
        self.reserved = reserved
        self.zone = zone
        self.since = since
        self.until = until
        self.resumes = resumes
    }

    /// The same for the same alert, also after a restart.
    package var name: String {
        let name = "\(kind.rawValue) \(since.milliseconds) \(amount)"
        return kind == .stop && resumes > 0 ? "\(name) \(resumes)" : name
    }
}

/// Amounts of a day, for all spending together.
package struct SpendMarks: Sendable, Equatable {
    /// nil: nobody is told.
    package var warn: Int64?
    /// nil: nothing stops by itself.
    package var stop: Int64?
    /// Whether the owner has set the amount: then what it counts must have a known price.
    package var isStopSet: Bool

    package init(warn: Int64? = 20_000_000, stop: Int64? = 30_000_000, isStopSet: Bool = false) {
        self.warn = warn
        self.stop = stop
        self.isStopSet = isStopSet
    }

    package static let stopName = "host.spend.stop"

    /// The amount at which the host stops, as a budget.
    package var budget: Budget? {
        stop.map {
            Budget(
                name: Self.stopName,
                scope: .all,
                period: .day,
                limit: $0,
                refusesUnknown: isStopSet,
                isStop: true
            )
        }
    }
}
