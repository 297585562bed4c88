// The time zones of this machine.
internal import CivilTime
internal import Glibc

enum ZoneFile {
    private static let folder = "/usr/share/zoneinfo"
    private static let bytesMax = 1 << 20

    /// The rules of a zone. Blocks while it reads.
    /// - Throws: what is wrong, and what to do.
    static func read(_ name: String) throws(HostError) -> TimeZoneRules {
        let path = "\(folder)/\(name)"
        let descriptor = TimeZoneRules.isName(name) ? open(path, O_RDONLY | O_CLOEXEC) : -1
        guard descriptor >= 0 else {
            throw HostError(
                "there is no time zone \"\(name)\" on this machine (\(path)); write a name such as \"Europe/Berlin\", "
                    + "install the package tzdata, or leave the key out for UTC"
            )
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= bytesMax {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        guard let rules = TimeZoneRules(tzif: bytes) else {
            throw HostError("\(path) is no time zone; write a name such as \"Europe/Berlin\"")
        }
        return rules
    }
}
