// Where each member of a parsed text stands, for messages such as functions.json:12.

/// A place in a text: line and column in Unicode scalars, each counted from 1.
public struct JSONLocation: Sendable, Equatable {
    public let line: Int
    public let column: Int
}

/// Finds the place of a value by its RFC 6901 pointer: of its key in an object, of itself in an array; `""` is the whole text.
public struct JSONLocations: Sendable {
    private let offsets: [String: Int]
    private let text: [UInt8]

    init(offsets: [String: Int], text: [UInt8]) {
        self.offsets = offsets
        self.text = text
    }

    /// The place of what `pointer` (such as `/functions/generate/run/0`) names; nil when there is no such value.
    public subscript(pointer: String) -> JSONLocation? {
        offsets[pointer].map { offset in text.withUnsafeBufferPointer { JSONLocation(of: offset, in: $0) } }
    }

    /// A key as part of a pointer: `~` becomes `~0`, `/` becomes `~1`.
    public static func escaped(_ key: String) -> String {
        guard key.utf8.contains(where: { $0 == 0x7e || $0 == 0x2f }) else { return key }
        var escaped = ""
        for scalar in key.unicodeScalars {
            switch scalar {
            case "~": escaped += "~0"
            case "/": escaped += "~1"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension JSONLocation {
    init(of offset: Int, in text: UnsafeBufferPointer<UInt8>) {
        var line = 1
        var column = 1
        for byte in text[..<min(offset, text.count)] {
            if byte == 0x0a {
                line += 1
                column = 1
            } else if byte & 0xc0 != 0x80 {  // continuation bytes belong to the scalar before them
                column += 1
            }
        }
        self.init(line: line, column: column)
    }
}
