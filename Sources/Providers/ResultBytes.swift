// The bytes of one result, wherever they are.
internal import Glibc

/// What a provider sent as a picture or video, before anybody has looked into it: in memory, or in a file without a name.
public struct ResultBytes: Sendable, Equatable {
    private enum Place: Sendable {
        case memory([UInt8])
        case file(UnnamedFile, count: Int)
    }

    private let place: Place

    public init(_ bytes: [UInt8]) { place = .memory(bytes) }

    init(_ file: UnnamedFile, count: Int) { place = .file(file, count: count) }

    public var count: Int {
        switch place {
        case .memory(let bytes): bytes.count
        case .file(_, let count): count
        }
    }

    /// A copy of all of them.
    public var bytes: [UInt8] {
        switch place {
        case .memory(let bytes): bytes
        case .file: withBytes { [UInt8]($0) }
        }
    }

    /// The file that holds them; nil while they are in memory. It is closed when nothing refers to it any more.
    package var file: UnnamedFile? {
        switch place {
        case .memory: nil
        case .file(let file, _): file
        }
    }

    /// Lends all of them. Those in a file are mapped, so that what is not looked at costs no memory.
    public func withBytes<Output, Failure>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Output
    ) throws(Failure) -> Output {
        switch place {
        case .memory(let bytes): return try bytes.withBytes(body)
        case .file(let file, let count):
            guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, file.descriptor, 0), start != MAP_FAILED else {
                // Address space is short: nobody takes what cannot be read for an image.
                return try body(UnsafeRawBufferPointer(start: nil, count: 0))
            }
            defer { munmap(start, count) }
            return try body(UnsafeRawBufferPointer(start: start, count: count))
        }
    }

    public static func == (left: ResultBytes, right: ResultBytes) -> Bool {
        guard left.count == right.count else { return false }
        return left.withBytes { left in right.withBytes { right in left.elementsEqual(right) } }
    }
}

extension ImageInfo {
    /// What a result's bytes say, wherever they are.
    /// - Throws: ``ImageFault`` for a body that is empty, is no image, or ends too early.
    public init(reading result: ResultBytes) throws(ImageFault) {
        self = try result.withBytes { (bytes) throws(ImageFault) in try ImageInfo(reading: bytes) }
    }
}
