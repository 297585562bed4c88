// Reads one settings file from disk, and says who else could.
internal import Glibc

struct SettingsFile {
    let file: EnvFile
    /// Whether group or others may read it.
    let isExposed: Bool

    /// Nil when there is no such file.
    static func read(_ path: String, environment: [String: String]) throws(SettingsError) -> SettingsFile? {
        guard let (bytes, mode) = try bytes(of: path) else { return nil }
        do {
            let file = try EnvFile.parse(bytes, name: path, environment: environment)
            return SettingsFile(file: file, isExposed: mode & (S_IRGRP | S_IROTH) != 0)
        } catch {
            throw .notAnEnvFile(error)
        }
    }

    static func bytes(of path: String) throws(SettingsError) -> (bytes: [UInt8], mode: mode_t)? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .unreadable(file: path, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .unreadable(file: path, reason: String(cString: strerror(errno)))
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw .unreadable(file: path, reason: String(cString: strerror(errno)))
            }
            bytes += chunk[..<count]
            guard bytes.count <= EnvFile.fileBytesMax else {  // a pipe or a device may never end
                throw .notAnEnvFile(.tooLarge(file: path, bytes: bytes.count))
            }
        }
        let isPlainFile = status.st_mode & S_IFMT == S_IFREG
        return (bytes, isPlainFile ? status.st_mode : 0)
    }
}
