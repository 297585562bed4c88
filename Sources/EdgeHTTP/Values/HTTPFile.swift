// A file, or part of one, as a body: sent by the kernel without passing through the process.
internal import Glibc

/// An open file, closed when nothing refers to it any more.
public final class HTTPFile: Sendable {
    let descriptor: Int32
    /// Its size when it was opened.
    public let size: Int
    /// Who closes the descriptor; nil: this object does.
    private let owner: (any AnyObject & Sendable)?

    /// Opens a regular file for reading; nil when that fails. Blocks for as long as the disk takes.
    public convenience init?(path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        self.init(adopting: descriptor)
    }

    /// Takes over a descriptor; nil (and closed) when it is not a regular file.
    public init?(adopting descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
        size = Int(status.st_size)
        owner = nil
    }

    /// Reads through a descriptor that `owner` keeps open for as long as it lives.
    package init(_ descriptor: Int32, size: Int, ownedBy owner: any AnyObject & Sendable) {
        self.descriptor = descriptor
        self.size = size
        self.owner = owner
    }

    deinit { if owner == nil { close(descriptor) } }
}

/// Some consecutive bytes of a file, which must not become shorter while they are sent.
public struct HTTPFileRegion: Sendable {
    public let file: HTTPFile
    public let offset: Int
    public let count: Int

    /// The bytes of `file` in `range`.
    /// - Precondition: the range lies in the file.
    public init(_ file: HTTPFile, range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= file.size, "the range is outside of the file")
        self.file = file
        offset = range.lowerBound
        count = range.count
    }

    /// The whole file.
    public init(_ file: HTTPFile) { self.init(file, range: 0..<file.size) }
}

extension HTTPFileRegion {
    /// The bytes of it in `range`. Blocks for as long as the disk takes.
    /// - Throws: ``HTTPBodyError/truncated`` when the file has become shorter or cannot be read.
    package func read(_ range: Range<Int>) throws(HTTPBodyError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        var filled = 0
        while filled < range.count {
            let (start, place) = (filled, offset + range.lowerBound + filled)
            let count = bytes.withUnsafeMutableBytes {
                pread(file.descriptor, $0.baseAddress.map { $0 + start }, $0.count - start, off_t(place))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .truncated }
            filled += count
        }
        return bytes
    }
}
