// keyset.json in the state directory: the key set that was fetched last, for a start without a network.
internal import Callers
internal import CivilTime
internal import Glibc
internal import JSON
internal import Secrets

/// What a file tells of a set.
struct StoredKeySet: Sendable {
    let url: String
    let fetched: Timestamp
    /// As the issuer sent it.
    let document: [UInt8]
}

/// Replaced as a whole. All calls block.
struct KeySetFile: Sendable {
    static let name = "keyset.json"
    private static let bytesMax = JWTKeySet.bytesMax * 2

    let state: String

    var path: String { "\(state)/\(Self.name)" }

    /// Nil where there is none, or none that can be read: it is fetched anew.
    func read() -> StoredKeySet? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Self.bytesMax)
        var count = 0
        while count < bytes.count {
            let room = bytes.count - count
            let taken = bytes.withUnsafeMutableBytes { buffer in
                buffer.baseAddress.map { Glibc.read(descriptor, $0 + count, room) } ?? 0
            }
            if taken < 0, errno == EINTR { continue }
            guard taken > 0 else { break }
            count += taken
        }
        guard let object = (try? JSONValue.parse(Array(bytes[..<count])))?.object, let url = object["url"]?.string,
            let fetched = object["fetched"]?.string.flatMap({ Timestamp(iso8601: $0) }), let set = object["set"]
        else { return nil }
        return StoredKeySet(url: url, fetched: fetched, document: set.encoded())
    }

    func write(_ stored: StoredKeySet) throws {
        let object: JSONObject = [
            "url": .string(stored.url), "fetched": .string(stored.fetched.iso8601),
            "set": try JSONValue.parse(stored.document),
        ]
        let lock = try StateFolder.lock(state)
        defer { lock.release() }
        try StateFolder.replace(path, with: object.encoded(), in: state)
    }
}
