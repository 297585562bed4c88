// What was spent, summed up for people.
internal import JSON

/// By what `edge usage` sums up.
package enum UsageGrouping: String, Sendable, CaseIterable {
    case user, provider, day, function, tier, key
}

/// One line of `edge usage`.
struct UsageLine: Sendable, Equatable {
    let name: String
    /// Results, and attempts that may have been paid.
    let charges: Int64
    /// Micro-dollars of all charges.
    let amount: Int64
    /// Attempts of which nobody knows whether they were paid, and what they count in `amount`.
    let perhaps: Int64
    let perhapsAmount: Int64
    /// Results of which nobody knows what they cost; they count nothing.
    let unknown: Int64
    /// Results that went on their callers' own tokens; none of them is in `charges`.
    var own: Int64 = 0

    func adding(_ other: UsageLine) -> UsageLine {
        UsageLine(
            name: name,
            charges: charges + other.charges,
            amount: amount + other.amount,
            perhaps: perhaps + other.perhaps,
            perhapsAmount: perhapsAmount + other.perhapsAmount,
            unknown: unknown + other.unknown,
            own: own + other.own
        )
    }

    func json(_ grouping: UsageGrouping, _ names: KeyNames) -> JSONValue {
        var object: JSONObject = [
            "name": .string(name), "charges": .integer(charges), "microdollars": .integer(amount),
            "perhaps": .integer(perhaps), "perhapsMicrodollars": .integer(perhapsAmount), "unknown": .integer(unknown),
            "ownTokens": .integer(own),
        ]
        switch grouping {
        case .user, .key:
            object["name"] = .string(names.shown(name))
            object["id"] = .string(name)
        case .provider, .day, .function, .tier: break
        }
        return .object(object)
    }
}
