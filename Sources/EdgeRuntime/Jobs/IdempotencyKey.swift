// Idempotency-Key: which requests are one and the same, as clients say it and as job files keep it.
internal import Digest
internal import JSON

/// The key that a client sent: `"8e03978e"` as the draft has it, or bare as many clients send it.
struct IdempotencyKey: Equatable, Sendable {
    let text: String

    static let bytesMax = 255

    /// - Parameter fields: the values of all Idempotency-Key headers.
    /// - Returns: nil without such a header.
    static func of(_ fields: [String]) throws(Problem) -> IdempotencyKey? {
        guard let first = fields.first else { return nil }
        guard fields.count == 1, let text = plain(Array(first.utf8)), (1...bytesMax).contains(text.count),
            text.allSatisfy({ (0x20...0x7e).contains($0) })
        else {
            throw Problem(
                status: 400,
                code: "bad_idempotency_key",
                message:
                    "Idempotency-Key has to be one header of 1 to \(bytesMax) printable ASCII characters; a new UUID for each "
                    + "new request is a good one",
                field: "Idempotency-Key"
            )
        }
        return IdempotencyKey(text: String(decoding: text, as: UTF8.self))
    }

    /// What a quoted string says, or a bare one as it is; nil when a quoted one does not end where it should.
    private static func plain(_ field: [UInt8]) -> [UInt8]? {
        guard field.first == 0x22 else { return field }
        var text: [UInt8] = []
        var index = 1
        while index < field.count {
            let byte = field[index]
            if byte == 0x22 { return index == field.count - 1 ? text : nil }
            if byte == 0x5c { index += 1 }
            guard index < field.count else { return nil }
            text.append(field[index])
            index += 1
        }
        return nil
    }
}

/// What is kept of a key and of the request that came with it: hashes, for both may tell secrets.
struct IdempotencyMark: Equatable, Sendable {
    let key: HalfDigest
    let body: HalfDigest

    /// - Parameters:
    ///   - scope: whose keys they are: those of two callers are two, whatever they say. Empty: of nobody known.
    ///   - part: which of the jobs that one request makes.
    init(_ key: String, scope: String = "", function: String, part: Int = 0, body: [[UInt8]]) {
        // No part holds a line break, so none can run into the next one.
        self.key = HalfDigest(hex: SHA256.hex(of: "\(scope)\n\(function)\n\(part)\n\(key)"))
        var hash = SHA256()
        for piece in body {
            hash.update("\(piece.count)\n")
            hash.update(piece)
        }
        self.body = HalfDigest(hex: hash.finishHex())
    }

    /// As the job file holds it.
    var json: JSONValue { ["key": .string(key.hex), "body": .string(body.hex)] }

    /// nil for a document without one.
    init?(in stored: JSONObject) {
        guard let key = stored["idempotency"]?["key"]?.string, key.isHex(count: 32),
            let body = stored["idempotency"]?["body"]?.string, body.isHex(count: 32)
        else { return nil }
        self.key = HalfDigest(hex: key)
        self.body = HalfDigest(hex: body)
    }
}

/// 128 bits of a digest. Two words and no UInt128: with Swift 6.3.1 an async function that was handed one through a closure was
/// seen to crash after it had waited.
struct HalfDigest: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    /// - Parameter hex: at least 32 lower-case hexadecimal digits.
    init(hex: String) {
        let number = UInt128(hex: hex.utf8.prefix(32))
        high = UInt64(truncatingIfNeeded: number >> 64)
        low = UInt64(truncatingIfNeeded: number)
    }

    var hex: String { (UInt128(high) << 64 | UInt128(low)).hex }
}
