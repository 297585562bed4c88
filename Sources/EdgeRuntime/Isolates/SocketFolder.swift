// Where the sockets of a function's processes are: the run folder, or a private one when that path is too long.
internal import EdgeLoop
internal import Glibc

/// Gives socket paths that are short, unique and absolute.
@LoopActor
final class SocketFolder {
    /// "/" and a name of eight letters with its kind: what is added to the folder's path.
    static let nameBytes = 11

    let path: String
    private let isPrivate: Bool

    /// Uses `runDirectory`, made (0700) if it is missing. When a socket's path would be longer than the kernel takes, a private
    /// folder under TMPDIR or /tmp is made instead, which goes with ``remove()``.
    init(runDirectory: String) throws(SystemError) {
        let absolute = Self.absolute(runDirectory)
        if absolute.utf8.count + Self.nameBytes <= SocketAddress.unixPathBytesMax {
            guard mkdir(absolute, 0o700) == 0 || errno == EEXIST else {
                throw SystemError.last(doing: "making the folder \(absolute)")
            }
            path = absolute
            isPrivate = false
        } else {
            path = try Self.makePrivate()
            isPrivate = true
        }
    }

    /// Two paths that nothing uses: where a process listens, and where it reaches the host.
    func newPaths() -> (socket: String, control: String) {
        var random = SystemRandomNumberGenerator()
        let letters = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
        let name = String(decoding: (0..<8).map { _ in letters[Int(random.next() & 31)] }, as: UTF8.self)
        return ("\(path)/\(name).s", "\(path)/\(name).c")
    }

    /// Removes the private folder, which is empty once all processes have ended.
    func remove() {
        if isPrivate { rmdir(path) }
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }

    private static func makePrivate() throws(SystemError) -> String {
        let name = "/edge-XXXXXX"
        let asked = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        let fits =
            asked.hasPrefix("/")
            && asked.utf8.count + name.utf8.count + nameBytes <= SocketAddress.unixPathBytesMax
        var template = Array(((fits ? asked : "/tmp") + name).utf8CString)
        guard let made = mkdtemp(&template) else {
            throw SystemError.last(doing: "making a private folder for sockets in \(fits ? asked : "/tmp")")
        }
        return String(cString: made)
    }
}
