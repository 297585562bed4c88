// The id of a task at Runware, made of the attempt's: equal on every run, so that nothing is paid twice.
internal import Digest

/// A UUID of version 4 in lower case, as Runware asks for.
struct TaskUUID: Sendable, Equatable, CustomStringConvertible {
    private let bytes: [UInt8]
    let description: String

    /// The attempt's id, with version and variant set to those that Runware takes. Of a text that is no UUID the digest;
    /// of none at all a random one, which only the state then knows.
    init(attemptID: String) {
        let digits = attemptID.utf8.filter { $0 != UInt8(ascii: "-") }.map(Self.value)
        if attemptID.isEmpty {
            self.init(marking: randomBytes(16))
        } else if digits.count == 32, !digits.contains(nil) {
            let values = digits.compactMap(\.self)
            self.init(marking: stride(from: 0, to: 32, by: 2).map { values[$0] << 4 | values[$0 + 1] })
        } else {
            var hash = SHA256()
            hash.update(attemptID)
            self.init(marking: Array(hash.finish().prefix(16)))
        }
    }

    /// As it was written down; nil for what is no UUID of version 4.
    init?(_ text: String) {
        self.init(attemptID: text)
        guard description == text else { return nil }
    }

    static func random() -> TaskUUID { TaskUUID(attemptID: "") }

    /// Another id, the same one each time, for a second form of the same request.
    var sibling: TaskUUID {
        var bytes = bytes
        bytes[15] ^= 1
        return TaskUUID(marking: bytes)
    }

    /// Whether an answer's text names this task.
    func isNamed(by text: String) -> Bool { text.lowercased() == description }

    private init(marking bytes: [UInt8]) {
        var bytes = bytes
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        self.bytes = bytes
        description = UUIDText.text(of: bytes)
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
