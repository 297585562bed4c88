// Where a running host is reached by its operator: a Unix socket in the run folder of its state.
internal import EdgeLoop
internal import Glibc

/// The socket's address. A path that is too long for the kernel is gone round by way of an open descriptor of its folder.
struct OperatorSocket: ~Copyable {
    let address: SocketAddress
    private let folder: Int32

    private static let name = "operator.s"

    /// - Parameter state: the state directory, absolute.
    /// - Throws: `SystemError` when the run folder cannot be opened.
    init(state: String) throws(SystemError) {
        let run = "\(state)/run"
        let path = "\(run)/\(Self.name)"
        if path.utf8.count <= SocketAddress.unixPathBytesMax {
            folder = -1
            address = .unix(path: path)
        } else {
            folder = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard folder >= 0 else { throw SystemError.last(doing: "opening \(run)") }
            address = .unix(path: "/proc/self/fd/\(folder)/\(Self.name)")
        }
    }

    deinit { if folder >= 0 { close(folder) } }
}
