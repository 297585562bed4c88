// A file that no folder knows: it is gone when the last descriptor is closed, however the process ends.
internal import Glibc

/// An open temporary file without a name, under TMPDIR or `/tmp`.
package final class UnnamedFile: Sendable {
    package let descriptor: Int32

    /// - Throws: the errno and what was tried.
    init() throws(SpoolError) {
        let asked = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        let folder = asked.hasPrefix("/") ? asked : "/tmp"
        let unnamed = open(folder, Self.unnamed | O_RDWR | O_CLOEXEC, 0o600)
        if unnamed >= 0 {
            descriptor = unnamed
            return
        }
        // Some file systems have no such files: make one with a name, and take the name away.
        var path = Array("\(folder)/edge-result-XXXXXX".utf8CString)
        descriptor = path.withUnsafeMutableBufferPointer { path in
            guard let start = path.baseAddress else { return -1 }
            let named = mkstemp(start)
            guard named >= 0 else { return named }
            unlink(start)
            _ = fcntl(named, F_SETFD, FD_CLOEXEC)
            return named
        }
        guard descriptor >= 0 else { throw SpoolError.disk(code: errno, "making a temporary file in \(folder)") }
    }

    deinit { close(descriptor) }

    /// O_TMPFILE, which Swift does not see because its macro is made of two.
    private static let unnamed: Int32 = 0o20000000 | O_DIRECTORY

    /// Writes all of them behind what was written before. Blocks for as long as the disk takes.
    func append(_ bytes: UnsafeRawBufferPointer) throws(SpoolError) {
        var sent = 0
        while sent < bytes.count {
            let count = write(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SpoolError.disk(code: errno, "writing a temporary file") }
            sent += count
        }
    }
}
