// What can go wrong with the files of the state directory, said so that the operator knows what to do.
internal import Glibc

enum StateError: Error, Equatable, CustomStringConvertible {
    /// A system call failed: what was tried ("write"), on which file, and the errno.
    case failed(doing: String, path: String, code: Int32)
    /// Another host process holds the lock; its process id if it has written one.
    case owned(path: String, pid: Int32?)
    /// Two folders of the layout are on different file systems, so that a rename cannot move files between them.
    case severalFileSystems(path: String, other: String)
    /// Too little is left on the disk to begin at all.
    case noRoom(path: String, space: DiskSpace, needed: DiskSpace)
    /// A name that must not become part of a path.
    case badName(what: String, name: String)
    case tooLarge(what: String, bytes: Int, allowed: Int)
    /// The job has ended, so its document changes no more.
    case finished(id: String)
    /// No job of that id is stored (it was removed, or never created).
    case unknown(id: String)

    /// Whether the disk or the user's quota is used up, so that trying again at once is of no use.
    var isDiskFull: Bool {
        switch self {
        case .failed(_, _, let code): code == ENOSPC || code == EDQUOT
        case .noRoom: true
        default: false
        }
    }

    /// Whether the file itself is not at fault: it is gone, or this process is out of descriptors or memory.
    var isPassing: Bool {
        guard case .failed(_, _, let code) = self else { return false }
        return [ENOENT, EMFILE, ENFILE, ENOMEM].contains(code)
    }

    /// Of the text of ``owned(path:pid:)``.
    static let ownedMark = "belongs to a running host"

    var description: String {
        switch self {
        case .failed(let action, let path, let code):
            "cannot \(action) \(path): \(String(cString: strerror(code)))\(Self.advice(code))"
        case .owned(let path, let pid):
            "the state directory \(path) \(Self.ownedMark) (\(pid.map { "process \($0)" } ?? "process unknown")): "
                + "stop that one, or give this one another directory with --state"
        case .severalFileSystems(let path, let other):
            "\(path) and \(other) are on different file systems: keep the whole state directory on one"
        case .noRoom(let path, let space, let needed):
            "the disk of \(path) is full: \(space.bytes >> 10) KiB\(space.files.map { " and \($0) inodes" } ?? "") are free, "
                + "at least \(needed.bytes >> 10) KiB\(needed.files.map { " and \($0) inodes" } ?? "") are needed: "
                + "free some space, or choose another directory with --state"
        case .badName(let what, let name): "\"\(name)\" is not a \(what)"
        case .tooLarge(let what, let bytes, let allowed):
            "the \(what) has \(bytes) bytes, more than the \(allowed) allowed"
        case .finished(let id): "job \(id) has ended: its document does not change any more"
        case .unknown(let id): "no job \(id) is stored here"
        }
    }

    private static func advice(_ code: Int32) -> String {
        switch code {
        case ENOSPC, EDQUOT: ": free some space, or choose another directory with --state"
        case EACCES, EPERM: ": let this user write there, or choose another directory with --state"
        case EROFS: ": choose a directory on a writable disk with --state"
        case EIO: ": the disk reports a fault; see the kernel log"
        case EMFILE, ENFILE: ": raise the limit of open files (ulimit -n)"
        default: ""
        }
    }
}

extension StateError {
    /// For callers, whom paths of this machine are no concern of.
    var publicDescription: String {
        switch self {
        case .failed(let action, _, let code): "cannot \(action) a file: \(String(cString: strerror(code)))"
        case .owned: "the state directory \(Self.ownedMark)"
        case .severalFileSystems: "the state directory is on several file systems"
        case .noRoom: "the disk is full"
        case .badName, .tooLarge, .finished, .unknown: description
        }
    }
}
