// keys.json in the state directory: read by the host, changed by `edge keys`.
internal import Callers
internal import CivilTime
internal import Glibc
internal import Secrets

/// Why keys cannot be read or kept, with the way out.
struct KeysError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The file of all keys: replaced as a whole, readable by its owner alone. All calls block.
struct KeyFile: Sendable {
    static let name = "keys.json"
    /// Bytes of the file: more than the most keys that it may have.
    static let bytesMax = 16 << 20

    let state: String

    var path: String { "\(state)/\(Self.name)" }

    /// No file is no keys.
    func read() throws(KeysError) -> KeySet {
        guard let bytes = try bytes() else { return KeySet() }
        do {
            return try KeySet(bytes)
        } catch {
            throw KeysError(
                "\(path): \(error); mend it, or move it away and make the keys anew with `edge keys create`"
            )
        }
    }

    /// Changes the keys while no other command does; they are durable when this returns.
    func change<Output>(_ edit: (inout KeySet) throws(KeysError) -> Output) throws(KeysError) -> Output {
        do {
            try StateFolder.make(state)
            let lock = try StateFolder.lock(state)
            defer { lock.release() }
            var keys = try read()
            let output = try edit(&keys)
            try StateFolder.replace(path, with: keys.encoded, in: state)
            return output
        } catch let error as KeysError {
            throw error
        } catch {
            throw KeysError("\(error)")
        }
    }

    /// The operator's key that is made when there is none yet; nil when there is one.
    func firstOperatorKey(now: Timestamp) throws(KeysError) -> APIKey? {
        guard try !read().hasOperator else { return nil }
        return try change { keys throws(KeysError) in
            guard !keys.hasOperator else { return nil }
            let key = APIKey()
            keys.add(
                KeyRecord(name: "operator", role: .operate, tier: .enterprise, actsForOthers: false, key: key, now: now)
            )
            return key
        }
    }

    private func bytes() throws(KeysError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw KeysError("\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw KeysError("\(path) cannot be read: \(String(cString: strerror(errno)))")
            }
            guard count > 0 else { return all }
            all += piece[..<count]
            guard all.count <= Self.bytesMax else { throw KeysError("\(path) has more than 16 MB") }
        }
    }
}
