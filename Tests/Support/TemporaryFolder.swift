// A folder that belongs to one test and goes with it.
internal import Glibc

/// An empty folder under TMPDIR, removed with everything in it when it is released.
public final class TemporaryFolder: Sendable {
    public let path: String

    public init() {
        var template = Array("\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/edge-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { preconditionFailure("no temporary folder: errno \(errno)") }
        path = String(cString: made)
    }

    deinit { removeTree(path) }

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
