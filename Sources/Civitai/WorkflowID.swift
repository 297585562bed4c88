// An id that Civitai gave, of a workflow or an image: checked before it becomes part of a URL.

struct WorkflowID: Sendable, Equatable, CustomStringConvertible {
    static let bytesMax = 200

    let text: String

    /// - Returns: nil for what could lead to another path.
    init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.bytesMax, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !text.utf8.allSatisfy({ $0 == UInt8(ascii: ".") })
        else { return nil }
        self.text = text
    }

    var description: String { text }

    /// As one segment of a path, everything encoded that could mean something else there.
    var inPath: String {
        text.utf8.reduce(into: "") { path, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                path.unicodeScalars.append(UnicodeScalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                path += "%\(digits.utf8.count < 2 ? "0" : "")\(digits)"
            }
        }
    }
}
