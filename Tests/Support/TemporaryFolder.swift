// A folder that belongs to one test and goes with it.
internal import Glibc
internal import Synchronization

/// An empty folder under TMPDIR or in another place, removed with everything in it when it is released.
public final class TemporaryFolder: Sendable {
    public let path: String

    /// A file system in memory, where this machine has one.
    public static let memory: String? = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : nil

    public init(in place: String? = nil) {
        let place = place ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(place)/edge-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { preconditionFailure("no temporary folder: errno \(errno)") }
        path = String(cString: made)
    }

    deinit { Removals.begin(path) }

    public func write(_ text: String, to name: String) {
        guard let file = fopen("\(path)/\(name)", "w") else { preconditionFailure("cannot write \(name)") }
        fputs(text, file)
        fclose(file)
    }

    public func write(bytes: [UInt8], to name: String) {
        guard let file = fopen("\(path)/\(name)", "w") else { preconditionFailure("cannot write \(name)") }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }

    /// The text of a file in it; empty when there is none.
    public func read(_ name: String) -> String {
        guard let file = fopen("\(path)/\(name)", "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[0..<count]
        }
    }

    /// The names of what is in one of its folders, sorted.
    public func names(in name: String) -> [String] {
        guard let folder = opendir("\(path)/\(name)") else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

/// Removes folders on threads of their own: a thousand files take a while on a busy disk, and the loop that all tests share would
/// stand still for it. The process ends when the last is gone.
private enum Removals {
    private static let running = Atomic(0)
    private static let endsLast: Bool = atexit { while running.load(ordering: .acquiring) > 0 { usleep(1000) } } == 0

    static func begin(_ path: String) {
        _ = endsLast
        running.add(1, ordering: .acquiringAndReleasing)
        let box = Unmanaged.passRetained(Path(text: path)).toOpaque()
        var thread = pthread_t()
        let made = pthread_create(
            &thread,
            nil,
            { box in
                if let box { Removals.run(box) }
                return nil
            },
            box
        )
        if made == 0 { pthread_detach(thread) } else { run(box) }
    }

    private static func run(_ box: UnsafeMutableRawPointer) {
        removeTree(Unmanaged<Path>.fromOpaque(box).takeRetainedValue().text)
        running.subtract(1, ordering: .acquiringAndReleasing)
    }

    private final class Path: Sendable {
        let text: String
        init(text: String) { self.text = text }
    }
}

/// Removes what is at `path`, and everything below it when it is a folder.
private func removeTree(_ path: String) {
    if let folder = opendir(path) {
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { removeTree("\(path)/\(name)") }
        }
        closedir(folder)
    }
    remove(path)
}
