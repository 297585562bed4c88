// The system calls that the state directory rests on, as values: a test replaces one to make its k-th use fail.
internal import Glibc

/// What the kernel says about one file.
struct FileStatus: Sendable, Equatable {
    var bytes = 0
    /// Nanoseconds since 1970 of the last change of content.
    var modified: Int64 = 0
    var device: UInt64 = 0
    var isFile = false
    /// Names that the file has; an open file without one has been removed.
    var links = 1
}

/// What is free on one file system for a process without special rights.
struct DiskSpace: Sendable, Equatable {
    var bytes: UInt64 = 0
    /// nil where the file system makes inodes as it needs them.
    var files: UInt64?
}

/// Each call answers like the kernel: 0 or more when it worked, minus the errno when it did not.
struct FileCalls: Sendable {
    var open: @Sendable (_ path: String, _ flags: Int32, _ mode: UInt32) -> Int32
    var write: @Sendable (_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int
    /// Reads at an offset; does not move the descriptor's position.
    var read: @Sendable (_ descriptor: Int32, _ into: UnsafeMutableRawBufferPointer, _ offset: Int) -> Int
    var fsync: @Sendable (_ descriptor: Int32) -> Int32
    var close: @Sendable (_ descriptor: Int32) -> Int32
    var rename: @Sendable (_ path: String, _ target: String) -> Int32
    var unlink: @Sendable (_ path: String) -> Int32
    var mkdir: @Sendable (_ path: String, _ mode: UInt32) -> Int32
    var rmdir: @Sendable (_ path: String) -> Int32
    /// Sets the time of last change to now.
    var touch: @Sendable (_ path: String) -> Int32
    /// Does not follow a symbolic link.
    var status: @Sendable (_ path: String, _ status: inout FileStatus) -> Int32
    var statusOfOpen: @Sendable (_ descriptor: Int32, _ status: inout FileStatus) -> Int32
    var space: @Sendable (_ path: String, _ space: inout DiskSpace) -> Int32

    /// The kernel's own. Every descriptor is close-on-exec.
    static let system = FileCalls(
        open: { checked(Glibc.open($0, $1 | O_CLOEXEC, $2)) },
        write: { checked(Glibc.write($0, $1.baseAddress, $1.count)) },
        read: { checked(pread($0, $1.baseAddress, $1.count, $2)) },
        fsync: { checked(Glibc.fsync($0)) },
        close: { checked(Glibc.close($0)) },
        rename: { checked(Glibc.rename($0, $1)) },
        unlink: { checked(Glibc.unlink($0)) },
        mkdir: { checked(Glibc.mkdir($0, $1)) },
        rmdir: { checked(Glibc.rmdir($0)) },
        touch: { checked(utimensat(AT_FDCWD, $0, nil, 0)) },
        status: { path, status in
            var raw = stat()
            let code = checked(lstat(path, &raw))
            if code == 0 { status = FileStatus(raw) }
            return code
        },
        statusOfOpen: { descriptor, status in
            var raw = stat()
            let code = checked(fstat(descriptor, &raw))
            if code == 0 { status = FileStatus(raw) }
            return code
        },
        space: { path, space in
            var raw = statvfs()
            let code = checked(statvfs(path, &raw))
            if code == 0 {
                space.bytes = UInt64(raw.f_bavail) * UInt64(raw.f_frsize)
                space.files = raw.f_files == 0 ? nil : UInt64(raw.f_favail)
            }
            return code
        }
    )
}

/// The result, with the errno in place of -1.
private func checked<Number: SignedInteger>(_ result: Number) -> Number {
    result < 0 ? Number(-errno) : result
}

extension FileStatus {
    fileprivate init(_ raw: stat) {
        bytes = Int(raw.st_size)
        modified = Int64(raw.st_mtim.tv_sec) * 1_000_000_000 + Int64(raw.st_mtim.tv_nsec)
        device = UInt64(raw.st_dev)
        isFile = raw.st_mode & S_IFMT == S_IFREG
        links = Int(raw.st_nlink)
    }
}
