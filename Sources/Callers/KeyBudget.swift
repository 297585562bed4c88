// What one key may spend.
package import JSON

/// A key's own budget, kept in its record.
package struct KeyBudget: Sendable, Equatable {
    package enum Period: String, Sendable, CaseIterable { case day, month, total }

    /// Micro-dollars.
    package let limit: Int64
    package let period: Period

    package init(limit: Int64, period: Period) {
        self.limit = limit
        self.period = period
    }

    package var json: JSONValue { ["limit": .integer(limit), "per": .string(period.rawValue)] }

    /// Nil when the value is no budget as ``json`` writes it.
    package init?(_ json: JSONValue) {
        guard let limit = json["limit"]?.integer, limit >= 0,
            let period = json["per"]?.string.flatMap(Period.init)
        else { return nil }
        self.init(limit: limit, period: period)
    }
}
