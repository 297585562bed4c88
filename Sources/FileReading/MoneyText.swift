// Money as people write it: dollars, kept as whole millionths of one.
internal import JSON

/// `$30`, `$0.05`, `$0.000001`: dollars with at most six decimals.
package enum MoneyText {
    /// Micro-dollars of a billion dollars: no budget of anybody who edits a file.
    package static let most: Int64 = 1_000_000_000_000_000

    /// The micro-dollars that `text` says; nil when it is not written as above or is more than a billion dollars.
    package static func read(_ text: String) -> Int64? {
        guard text.hasPrefix("$") else { return nil }
        let parts = text.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy(isDigits), parts[0].utf8.count <= 10,
            let dollars = Int64(parts[0])
        else { return nil }
        var micro: Int64 = 0
        if parts.count == 2 {
            guard parts[1].utf8.count <= 6,
                let decimals = Int64(parts[1] + String(repeating: "0", count: 6 - parts[1].utf8.count))
            else { return nil }
            micro = decimals
        }
        let sum = dollars * 1_000_000 + micro
        return sum <= most ? sum : nil
    }

    private static func isDigits(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
    }

    /// The shortest exact text with two decimals or more: `$30.00`, `$0.0019`.
    package static func text(of micro: Int64) -> String {
        let digits = String(micro.magnitude % 1_000_000 + 1_000_000).dropFirst()
        var text = "\(micro < 0 ? "-" : "")$\(micro.magnitude / 1_000_000).\(digits)"
        while text.hasSuffix("0"), !text.hasSuffix(".00"), text.split(separator: ".").last?.utf8.count ?? 0 > 2 {
            text.removeLast()
        }
        return text
    }
}

extension FileSection {
    /// Money as ``MoneyText`` reads it, or whole micro-dollars; nil where it is absent, null or a mistake.
    package mutating func money(_ key: String) -> Int64? {
        guard let value = value(key), !value.isNull else { return nil }
        let example = "write dollars such as \"$30\" or \"$0.05\", or a whole number of micro-dollars"
        if let number = value.integer {
            guard (0...MoneyText.most).contains(number) else {
                note("\(number) is out of range; \(example)", key)
                return nil
            }
            return number
        }
        guard let text = value.string else {
            note("this is \(value.kind); \(example)", key)
            return nil
        }
        guard let money = MoneyText.read(text) else {
            note("\(quoted(text)) is no amount of money; \(example)", key)
            return nil
        }
        return money
    }
}
