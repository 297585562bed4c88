// The SHA-256 of a file's content.
internal import Glibc

/// A file that could not be read to its end.
package struct FileDigestError: Error, Equatable, CustomStringConvertible {
    /// The system's number for what went wrong (`errno`).
    package let code: Int32

    package var description: String { "could not read the file: \(String(cString: strerror(code)))" }
}

extension SHA256 {
    /// Hashes what `descriptor` holds from its first byte to its end, without moving its position. Blocks, so call it on a
    /// thread of the pool.
    ///
    /// - Returns: 64 lower-case hexadecimal digits, and how many bytes were read.
    package static func hex(ofFile descriptor: Int32) throws(FileDigestError) -> (hex: String, bytes: Int) {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { piece.deallocate() }
        var hash = SHA256()
        var offset = 0
        while true {
            let count = pread(descriptor, piece.baseAddress, piece.count, offset)
            if count < 0 {
                guard errno == EINTR else { throw FileDigestError(code: errno) }
                continue
            }
            guard count > 0 else { return (hash.finishHex(), offset) }
            hash.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
            offset += count
        }
    }
}
