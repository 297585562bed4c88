// Reads fixed-width numbers and marks from a short text, byte by byte.

struct TextScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { position == bytes.count }

    /// Passes over `mark` if it comes next.
    mutating func skip(_ mark: StaticString) -> Bool {
        let count = mark.utf8CodeUnitCount
        guard position + count <= bytes.count else { return false }
        let matches = mark.withUTF8Buffer { $0.elementsEqual(bytes[position..<position + count]) }
        if matches { position += count }
        return matches
    }

    /// Exactly that many digits.
    mutating func number(digits: Int) -> Int? {
        guard position + digits <= bytes.count else { return nil }
        var number = 0
        for byte in bytes[position..<position + digits] {
            guard (48...57).contains(byte) else { return nil }
            number = number * 10 + Int(byte - 48)
        }
        position += digits
        return number
    }

    /// One to `digits` digits, read as decimals: `.5` with 9 digits is 500,000,000.
    mutating func fraction(digits: Int) -> Int? {
        var number = 0
        var read = 0
        while read < digits, let digit = self.number(digits: 1) {
            number = number * 10 + digit
            read += 1
        }
        guard read > 0 else { return nil }
        for _ in read..<digits { number *= 10 }
        return number
    }

    /// `hh:mm:ss` as seconds of the day, a leap second included.
    mutating func timeOfDay() -> Int? {
        guard let hour = number(digits: 2), hour < 24, skip(":"), let minute = number(digits: 2), minute < 60,
            skip(":"), let second = number(digits: 2), second <= 60
        else { return nil }
        return hour * 3600 + minute * 60 + second
    }

    /// The index of the one name of the list that comes next, passed over.
    mutating func choice(of names: [StaticString]) -> Int? {
        for (index, name) in names.enumerated() where skip(name) { return index }
        return nil
    }
}
