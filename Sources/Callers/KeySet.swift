// All keys of a host, found by the hash of what a caller shows.
package import CivilTime
internal import Digest
internal import JSON

/// The content of keys.json. A look-up costs one SHA-256 and one step in a table, however many keys there are.
package struct KeySet: Sendable {
    package static let keysMax = 20_000
    private static let version: Int64 = 1

    package private(set) var records: [KeyRecord] = []
    private var places: [[UInt8]: Int] = [:]

    package init() {}

    /// What a key is worth now.
    package enum Finding: Equatable, Sendable {
        /// - Parameter ends: when it stops being good of itself.
        case good(KeyRecord, ends: Timestamp?)
        case revoked, ended, unknown
    }

    /// Whether a caller can have a key: a host without any does not know what callers show.
    package var hasCallers: Bool { records.contains { $0.role == .caller } }
    package var hasOperator: Bool { records.contains { $0.role == .operate && $0.revoked == nil } }

    package func find(_ key: APIKey, now: Timestamp) -> Finding {
        // The table is asked for a hash, of which nobody can choose a part; what it finds is compared in constant time.
        let hash = key.hash
        guard let place = places[hash] else { return .unknown }
        let record = records[place]
        guard record.revoked == nil else { return .revoked }
        if equalInConstantTime(record.hash, hash) { return .good(record, ends: nil) }
        guard let earlier = record.earlier.first(where: { equalInConstantTime($0.hash, hash) }) else { return .unknown }
        return earlier.ends > now ? .good(record, ends: earlier.ends) : .ended
    }

    /// The key of this id, else the one of this name that is not revoked.
    package func place(of text: String) -> Int? {
        records.firstIndex { $0.id == text } ?? records.firstIndex { $0.name == text && $0.revoked == nil }
    }

    package mutating func add(_ record: KeyRecord) {
        records.append(record)
        index(records.count - 1)
    }

    package mutating func change(at place: Int, _ edit: (inout KeyRecord) -> Void) {
        edit(&records[place])
        index(place)
    }

    private mutating func index(_ place: Int) {
        places[records[place].hash] = place
        for earlier in records[place].earlier { places[earlier.hash] = place }
    }

    // MARK: JSON

    package var encoded: [UInt8] {
        let object: JSONObject = ["version": .integer(Self.version), "keys": .array(records.map(\.json))]
        return JSONValue.object(object).encoded(pretty: true) + [10]
    }

    /// - Throws: ``KeyFileMistake`` when the bytes are not what ``encoded`` writes.
    package init(_ bytes: [UInt8]) throws(KeyFileMistake) {
        let document: JSONValue
        do { document = try JSONValue.parse(bytes) } catch { throw KeyFileMistake("it is no JSON: \(error)") }
        guard document["version"]?.integer == Self.version, let keys = document["keys"]?.array else {
            throw KeyFileMistake("it is not of version \(Self.version)")
        }
        guard keys.count <= Self.keysMax else { throw KeyFileMistake("it has more than \(Self.keysMax) keys") }
        for (number, key) in keys.enumerated() {
            guard let record = KeyRecord(key) else { throw KeyFileMistake("key \(number + 1) is not whole") }
            add(record)
        }
    }
}

/// Why keys.json cannot be used.
package struct KeyFileMistake: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
