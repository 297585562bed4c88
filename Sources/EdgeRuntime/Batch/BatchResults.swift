// results.jsonl: what became of each line, and so where a batch goes on.
internal import EdgeLoop
internal import Glibc
internal import JSON

/// The folder of a batch's results. One run at a time has it.
@LoopActor
final class BatchResults {
    nonisolated let folder: String
    private nonisolated let descriptor: Int32
    /// Keys of lines that have their images.
    private(set) var made: Set<String> = []
    /// How often a line has failed, by key.
    private(set) var failures: [String: Int] = [:]

    nonisolated static let name = "results.jsonl"
    private nonisolated static let bytesMax = 256 << 20

    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    /// Opens the folder, which is made when it is missing, and reads what earlier runs wrote.
    init(folder: String) async throws {
        self.folder = folder
        descriptor = try await Pool.run {
            if mkdir(folder, 0o777) != 0, errno != EEXIST {
                throw Unusable(description: "cannot make the folder \(folder): \(String(cString: strerror(errno)))")
            }
            let path = "\(folder)/\(Self.name)"
            let descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else {
                throw Unusable(description: "cannot open \(path): \(String(cString: strerror(errno)))")
            }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                close(descriptor)
                throw Unusable(description: "another edge run writes to \(folder)")
            }
            return descriptor
        }
        let text = try await Pool.run { [folder] in
            try FileWriter(calls: .system).read("\(folder)/\(Self.name)", bytesMax: Self.bytesMax)
        }
        for line in text.split(separator: 10) {
            // The last line of a run that was killed may be cut: its image is asked for again, by the same key.
            guard let result = try? JSONValue.parse(Array(line)), let key = result["key"]?.string else { continue }
            if result["state"] == "succeeded" { note(result, key) } else { failures[key, default: 0] += 1 }
        }
        if let last = text.last, last != 10 { try await append([10]) }
    }

    isolated deinit { close(descriptor) }

    private func note(_ result: JSONValue, _ key: String) {
        let files = (result["files"]?.array ?? []).compactMap(\.string)
        if files.allSatisfy({ access("\(folder)/\($0)", F_OK) == 0 }) { made.insert(key) }
    }

    /// Writes a file as a whole or not at all.
    func write(_ bytes: [UInt8], to name: String) async throws {
        let path = "\(folder)/\(name)"
        try await Pool.run {
            let part = "\(path).part"
            let descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw SystemError.last(doing: "making \(part)") }
            defer { close(descriptor) }
            try Self.write(bytes, to: descriptor, part)
            guard rename(part, path) == 0 else { throw SystemError.last(doing: "naming \(path)") }
        }
    }

    /// Adds a line; its files are there before it.
    func add(_ result: JSONObject) async throws { try await append(result.encoded() + [10]) }

    private func append(_ bytes: [UInt8]) async throws {
        let (descriptor, path) = (descriptor, "\(folder)/\(Self.name)")
        try await Pool.run { try Self.write(bytes, to: descriptor, path) }
    }

    private nonisolated static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemError.last(doing: "writing \(path)") }
            rest = rest.dropFirst(count)
        }
    }
}
