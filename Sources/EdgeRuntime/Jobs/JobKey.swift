// A job's id in 16 bytes: what is held for each of a hundred thousand jobs must be small.
internal import Digest

/// The number that a UUID's 32 digits write. Only a legal id has one, so whatever has a key is safe in a path.
struct JobKey: Hashable, Comparable, Sendable {
    private let number: UInt128

    /// nil unless `id` is a UUID in lower case, as `UUIDText.version7()` makes them.
    init?(_ id: String) {
        guard UUIDText.isValid(id) else { return nil }
        number = id.utf8.reduce(0) { number, byte in
            byte == 45 ? number : number << 4 | UInt128(byte < 58 ? byte - 48 : byte - 87)
        }
    }

    /// The id as text.
    var id: String {
        let bytes = (0..<16).map { UInt8(truncatingIfNeeded: number >> UInt128(120 - 8 * $0)) }
        var hex = Hex.text(of: bytes)
        for place in [20, 16, 12, 8] { hex.insert("-", at: hex.utf8.index(hex.startIndex, offsetBy: place)) }
        return hex
    }

    static func < (left: JobKey, right: JobKey) -> Bool { left.number < right.number }
}
