// The kernel lock that says which host owns a state directory.
internal import Glibc

/// Held as long as this object lives; the kernel lets go of it when the process dies, however it dies.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// - Parameters:
    ///   - path: the lock file; it is made when it is missing and never removed (a new file would be a second lock).
    ///   - directory: what is owned, for the message.
    /// - Throws: ``StateError/owned(path:pid:)`` while another host lives.
    init(path: String, directory: String) throws(StateError) {
        // Close-on-exec: a child that inherits the lock would keep it alive.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .failed(doing: "open", path: path, code: errno) }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EINTR { continue }
            let owner = Self.owner(descriptor)
            close(descriptor)
            throw code == EWOULDBLOCK
                ? .owned(path: directory, pid: owner) : .failed(doing: "lock", path: path, code: code)
        }
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count else {
            let code = errno
            close(descriptor)
            throw .failed(doing: "write", path: path, code: code)
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    private static func owner(_ descriptor: Int32) -> Int32? {
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: buffer[..<count].prefix { (48...57).contains($0) }, as: UTF8.self))
    }
}
