// Files of the time zone database, made by hand.

/// Files of the database as `zic` writes them, small enough to be made here.
public enum ZoneFile {
    /// - Parameters:
    ///   - offsets: the types, the first one for the time before all changes.
    ///   - changes: when each begins, and its type.
    public static func bytes(
        offsets: [(offset: Int32, isDaylight: Bool)],
        changes: [(Int64, UInt8)] = [],
        footer: String
    ) -> [UInt8] {
        func big(_ number: Int, _ count: Int) -> [UInt8] {
            (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
        func header(_ times: Int, _ types: Int, _ letters: Int) -> [UInt8] {
            var bytes = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
            for count in [0, 0, 0, times, types, letters] { bytes += big(count, 4) }
            return bytes
        }
        var bytes = header(0, 1, 1) + [UInt8](repeating: 0, count: 7)
        bytes += header(changes.count, offsets.count, 1)
        for change in changes { bytes += big(Int(change.0), 8) }
        bytes += changes.map(\.1)
        for type in offsets { bytes += big(Int(type.offset), 4) + [type.isDaylight ? 1 : 0, 0] }
        return bytes + [0] + Array("\n\(footer)\n".utf8)
    }
}
