// What the owner is told when spending comes to a set amount.
package import CivilTime

/// An amount of a day was reached. Each is raised once a day.
package struct SpendAlert: Sendable, Equatable {
    package enum Kind: String, Sendable {
        /// So much was spent that the owner wanted to know.
        case warn
        /// The host stops by itself: paid work is refused.
        case stop
    }

    package let kind: Kind
    /// The amount that was set.
    package let amount: Int64
    package let spent: Int64
    /// When the day ends.
    package let until: Timestamp
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

    var budget: Budget? {
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
