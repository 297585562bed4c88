// A job's id in 16 bytes: what is held for each of a hundred thousand jobs must be small.
internal import Digest

/// The number that a UUID's 32 digits write. Only a legal id has one, so whatever has a key is safe in a path.
struct JobKey: Hashable, Comparable, Sendable {
    private let number: UInt128

    /// nil unless `id` is a UUID in lower case, as `UUIDText.version7()` makes them.
    init?(_ id: String) {
        guard UUIDText.isValid(id) else { return nil }
        number = UInt128(hex: id.utf8.lazy.filter { $0 != 45 })
    }

    /// The id as text.
    var id: String {
        var hex = number.hex
        for place in [20, 16, 12, 8] { hex.insert("-", at: hex.utf8.index(hex.startIndex, offsetBy: place)) }
        return hex
    }

    static func < (left: JobKey, right: JobKey) -> Bool { left.number < right.number }
}
