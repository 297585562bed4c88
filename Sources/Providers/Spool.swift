// Bytes that come piece by piece: a few are held, many go to a file.

/// Collects the bytes of one result. Blocks while it writes to its file.
struct Spool {
    /// More than this goes to a file: many results at once then cost no memory.
    static let heldBytesMax = 256 << 10
    /// Of a result in a file, so much stays readable in memory, for messages about it.
    static let headBytesMax = 4 << 10

    /// All of them, or the first ones when the rest is in a file.
    private(set) var head: [UInt8] = []
    private(set) var count = 0
    private var file: UnnamedFile?

    init() {}

    /// - Parameter bytes: the first ones, which are kept as they are where they may be held.
    init(_ bytes: [UInt8]) throws(SpoolError) {
        if bytes.count <= Self.heldBytesMax {
            (head, count) = (bytes, bytes.count)
        } else {
            try bytes.withBytes { (bytes) throws(SpoolError) in try append(bytes) }
        }
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) throws(SpoolError) {
        if file == nil, count + bytes.count > Self.heldBytesMax {
            let file = try UnnamedFile()
            try head.withBytes { (held) throws(SpoolError) in try file.append(held) }
            self.file = file
            head = Array(head.prefix(Self.headBytesMax))
        }
        if let file {
            try file.append(bytes)
            if head.count < Self.headBytesMax { head += bytes.prefix(Self.headBytesMax - head.count) }
        } else {
            head += bytes
        }
        count += bytes.count
    }

    var result: ResultBytes { file.map { ResultBytes($0, count: count) } ?? ResultBytes(head) }
}

/// Why the bytes of an answer cannot be kept.
enum SpoolError: Error, Equatable {
    /// The part of an answer that has to stay in memory is too large.
    case tooLarge
    case disk(code: Int32, String)
}
