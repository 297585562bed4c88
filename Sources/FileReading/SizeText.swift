// Sizes as people write them: a whole number and a unit.

/// `1KB`, `256MB`, `2GB`, `1TB`: a whole number followed by a unit. Units are binary multiples: 1KB is 1024 bytes, 1MB is 1024KB.
package enum SizeText {
    private static let units: [(name: String, bytes: Int64)] = [
        ("B", 1), ("KB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30), ("TB", 1 << 40),
    ]

    /// The bytes that `text` says; nil when it is not written as above or is beyond what an `Int` holds.
    package static func read(_ text: String) -> Int? {
        guard let (number, unit) = NumberWithUnit.split(text),
            let factor = units.first(where: { $0.name == unit })?.bytes
        else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : Int(exactly: bytes)
    }

    /// The shortest exact text for a number of bytes: `1MB` and not `1024KB`.
    package static func text(of bytes: Int) -> String {
        guard bytes != 0 else { return "0B" }
        let unit = units.last { Int64(bytes) % $0.bytes == 0 } ?? units[0]
        return "\(Int64(bytes) / unit.bytes)\(unit.name)"
    }
}
