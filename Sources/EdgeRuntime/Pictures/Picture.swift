// A picture that came with a request, stored as an image of this host.
internal import EdgeLoop
internal import ImageFormats
internal import JSON

/// Held until a job names it; without one it goes with its last lease.
struct Picture: Sendable {
    let record: ImageRecord
    let lease: ImageLease

    /// What stands for it in the JSON that a function gets.
    var reference: JSONValue { .string("sha256:\(record.sha256)") }

    /// The largest picture that may come in. Default 10 MiB.
    static let bytesMax = 10 << 20
    /// Pixels of its longer side.
    static let sideMax = 4096
    /// Pictures of one request.
    static let countMax = 16
    /// The types that may come in, decided by the bytes.
    static let types: Set<ImageType> = [.png, .jpeg, .webp]
    static let allowed = "a PNG, JPEG or WebP picture of at most 10 MiB and 4096 pixels a side"
}

/// The pictures that a job needs: a ticket names them, the host finds them.
struct JobInputs: Equatable, Sendable {
    /// SHA-256 of each.
    var names: [String] = []
    var records: [ImageRecord] = []
    /// Keep the files while the work is in memory. A job taken up from its file is itself what keeps them.
    var leases: [ImageLease] = []

    static func == (left: JobInputs, right: JobInputs) -> Bool {
        left.names == right.names && left.records == right.records
    }
}
