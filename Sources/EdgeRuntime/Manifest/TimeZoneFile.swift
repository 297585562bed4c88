// A time zone from the machine's database.
internal import CivilTime
internal import FileReading

enum TimeZoneFile {
    static let folder = "/usr/share/zoneinfo"

    struct Mistake: Error { let reason: String }

    /// Blocks, for a small file.
    static func read(_ name: String, folder: String = folder) throws(Mistake) -> TimeZone {
        if name == TimeZone.utc.name { return .utc }
        guard TimeZone.isName(name) else {
            throw Mistake(reason: "\(quoted(name)) is no zone's name; write one such as \"Europe/Berlin\", or \"UTC\"")
        }
        let files = FileWriter(calls: .system)
        var status = FileStatus()
        guard files.calls.status(folder, &status) == 0 else {
            throw Mistake(reason: "this machine has no time zones in \(folder) (the package tzdata); write \"UTC\"")
        }
        // Many names are links to others.
        let descriptor = files.calls.open("\(folder)/\(name)", 0, 0)
        guard descriptor >= 0 else {
            throw Mistake(
                reason: "there is no zone \(quoted(name)) in \(folder); write one such as \"Europe/Berlin\", or \"UTC\""
            )
        }
        defer { _ = files.calls.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: TimeZone.bytesMax)
        var count = 0
        while count < bytes.count {
            let more = bytes.withUnsafeMutableBytes {
                files.calls.read(descriptor, UnsafeMutableRawBufferPointer(rebasing: $0[count...]), count)
            }
            guard more > 0 else { break }
            count += more
        }
        guard let zone = TimeZone(name: name, file: Array(bytes.prefix(count))) else {
            throw Mistake(reason: "\(folder)/\(name) is no time zone that can be read; write another one, or \"UTC\"")
        }
        return zone
    }
}
