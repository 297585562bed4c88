// The few system calls behind secrets.env: one editor at a time, and a file that is replaced as a whole.
internal import Glibc

package enum StateFolder {
    /// How long an edit waits for another one to end: 5 s.
    static let lockTries = 500
    private static let lockPauseMicroseconds: UInt32 = 10_000

    package struct Lock {
        fileprivate let descriptor: CInt

        package func release() { close(descriptor) }
    }

    package static func make(_ directory: String) throws(SettingsError) {
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw unwritable(directory) }
    }

    /// Locks the folder against other edits. The kernel lets go of the lock when the process ends, however it ends.
    package static func lock(_ directory: String) throws(SettingsError) -> Lock {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unwritable(directory) }
        for _ in 0..<lockTries {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return Lock(descriptor: descriptor) }
            guard errno == EWOULDBLOCK || errno == EINTR else {
                let error = unwritable(directory)
                close(descriptor)
                throw error
            }
            usleep(lockPauseMicroseconds)
        }
        close(descriptor)
        throw .busy(directory: directory)
    }

    /// Write, sync, rename, sync the folder: after a crash there is the old file or the new one, never a part.
    /// The caller holds the lock, so that the one temporary name is free or left over from a crash.
    package static func replace(_ path: String, with bytes: [UInt8], in directory: String) throws(SettingsError) {
        let temporary = "\(path).tmp"
        unlink(temporary)
        do throws(SettingsError) {
            try write(bytes, to: temporary)
            guard rename(temporary, path) == 0 else { throw unwritable(path) }
        } catch {
            unlink(temporary)
            throw error
        }
        let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw unwritable(directory) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw unwritable(directory) }
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(SettingsError) {
        let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw unwritable(path) }
        var written = 0
        var failed = fchmod(descriptor, 0o600) != 0  // whatever the umask says
        while !failed, written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { written += count } else { failed = errno != EINTR }
        }
        failed = failed || fsync(descriptor) != 0
        let error = unwritable(path)
        guard close(descriptor) == 0, !failed else { throw failed ? error : unwritable(path) }
    }

    private static func unwritable(_ path: String) -> SettingsError {
        .unwritable(file: path, reason: String(cString: strerror(errno)))
    }
}
