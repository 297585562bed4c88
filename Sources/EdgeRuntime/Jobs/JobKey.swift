// A job's id in 16 bytes: what is held for each of a hundred thousand jobs must be small.
internal import Digest

/// The number that a UUID's 32 digits write. Only a legal id has one, so whatever has a key is safe in a path.
struct JobKey: Hashable, Comparable, Sendable {
    private let high: UInt64
    private let low: UInt64

    /// nil unless `id` is a UUID in lower case, as `UUIDText.version7()` makes them.
    init?(_ id: String) {
        guard let words = UUIDText.words(of: id) else { return nil }
        (high, low) = words
    }

    /// The id as text.
    var id: String { UUIDText.text(of: high, low) }

    static func < (left: JobKey, right: JobKey) -> Bool { (left.high, left.low) < (right.high, right.low) }
}
