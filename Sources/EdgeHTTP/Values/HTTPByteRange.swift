// One range of bytes as a client asks for it (RFC 9110, 14.1.2).

/// `bytes=2-5`, `bytes=2-` or `bytes=-5`.
struct HTTPByteRange: Equatable {
    private enum Form: Equatable {
        case from(Int, through: Int?)
        case last(Int)
    }

    private let form: Form

    /// Nil for what is to be ignored: another unit, several ranges, a mistake.
    init?(_ value: String) {
        guard let equals = value.firstIndex(of: "="), value[..<equals].lowercased() == "bytes" else { return nil }
        let members = value[value.index(after: equals)...].split(separator: ",").map(\.trimmed).filter { !$0.isEmpty }
        guard members.count == 1, let member = members.first, let dash = member.firstIndex(of: "-") else { return nil }
        let first = member[..<dash]
        let last = member[member.index(after: dash)...]
        if first.isEmpty {
            guard let count = Self.number(last) else { return nil }
            form = .last(count)
            return
        }
        guard let start = Self.number(first) else { return nil }
        if last.isEmpty {
            form = .from(start, through: nil)
            return
        }
        guard let end = Self.number(last), start <= end else { return nil }
        form = .from(start, through: end)
    }

    /// The bytes of a body of `count`, or nil when it has none of them.
    func resolve(count: Int) -> Range<Int>? {
        switch form {
        case .from(let start, let end):
            guard start < count else { return nil }
            return start..<(end.map { min($0, count - 1) + 1 } ?? count)
        case .last(let wanted):
            guard wanted > 0, count > 0 else { return nil }
            return max(0, count - wanted)..<count
        }
    }

    /// Digits alone; a number beyond all bodies is the largest.
    private static func number(_ digits: Substring) -> Int? {
        guard !digits.isEmpty, digits.utf8.allSatisfy(Byte.isDigit) else { return nil }
        return Int(digits) ?? .max
    }
}
