// Reads the settings file that the host names in EDGE_SETTINGS.
internal import FileReading
internal import Glibc

extension GenerateSettings {
    /// Empty settings where the host names no file.
    /// - Throws: all mistakes of the file, each with line and key, or why it cannot be read.
    static func read(_ environment: [String: String], providers: [ProviderEntry]) throws -> GenerateSettings {
        guard let path = environment["EDGE_SETTINGS"], !path.isEmpty else { return GenerateSettings() }
        let name = String(path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...])
        return try parse(try bytes(of: path), file: name, providers: providers)
    }

    private static func bytes(of path: String) throws(FileMistakes) -> [UInt8] {
        guard let file = fopen(path, "re") else { throw unreadable(path) }
        defer { fclose(file) }
        // One more than is allowed, so that a larger file is refused as such and not cut.
        var bytes = [UInt8](repeating: 0, count: FileSection.bytesMax + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        guard ferror(file) == 0 else { throw unreadable(path) }
        return Array(bytes[..<count])
    }

    private static func unreadable(_ path: String) -> FileMistakes {
        .whole(
            "cannot be read: \(String(cString: strerror(errno))); write the settings there, or name no file",
            file: path
        )
    }
}
