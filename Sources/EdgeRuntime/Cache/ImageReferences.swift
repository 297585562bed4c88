// Who refers to which image: an image file goes when nobody does.

/// Counts references in 20 bytes an image and 8 a reference. Asking twice for one holder counts once.
struct ImageReferences {
    private var counts: [UInt128: UInt32] = [:]
    /// One hash for each pair of image and holder; two pairs with one hash are less likely than a broken disk.
    private var pairs: Set<Int> = []

    var count: Int { pairs.count }

    func isHeld(_ image: UInt128) -> Bool { counts[image] != nil }

    mutating func retain(_ image: UInt128, by holder: String) {
        guard pairs.insert(Self.pair(image, holder)).inserted else { return }
        counts[image, default: 0] += 1
    }

    /// - Returns: whether this was the last reference.
    mutating func release(_ image: UInt128, by holder: String) -> Bool {
        guard pairs.remove(Self.pair(image, holder)) != nil, let count = counts[image] else { return false }
        counts[image] = count > 1 ? count - 1 : nil
        return count <= 1
    }

    private static func pair(_ image: UInt128, _ holder: String) -> Int {
        var hasher = Hasher()
        hasher.combine(image)
        hasher.combine(holder)
        return hasher.finalize()
    }
}
