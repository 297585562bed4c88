// What the results of accepted work will take on disk, by what the latest ones took.

/// A running mean of results' sizes.
struct ResultSizes: Sendable, Equatable {
    /// What a result is taken for before any was seen: a picture of 1024 x 1024 as PNG.
    static let first = 2 << 20
    /// Of a newer result in the mean.
    private static let weight = 16
    /// Beside its images: the finished document and what is half written.
    private static let besides = 64 << 10
    /// An image, a document, and one of them half written.
    private static let filesEach: UInt64 = 3

    /// Small ones are taken for this: larger ones may follow them.
    private static let least = 256 << 10

    private var mean = first

    /// - Parameter bytes: of all images of one result.
    mutating func note(_ bytes: Int) { mean += (min(bytes, 1 << 40) - mean) / Self.weight }

    /// Half as much again as that many results take on the whole; single larger ones are what the fixed reserve is for.
    func space(for count: Int) -> DiskSpace {
        let each = UInt64(max(mean, Self.least) * 3 / 2 + Self.besides)
        return DiskSpace(bytes: UInt64(count) * each, files: UInt64(count) * Self.filesEach)
    }
}
