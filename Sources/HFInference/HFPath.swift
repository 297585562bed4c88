// A path on the router that an answer names: checked, so that the token goes nowhere else.

/// An absolute path of plain characters, without query. Of an address that an answer gives only this is used.
struct HFPath: Sendable, Equatable, CustomStringConvertible {
    let text: String
    static let lengthMax = 512

    /// A path, such as `/v1/predictions/p1`. Nil for one that could lead elsewhere.
    init?(_ text: String) {
        guard text.hasPrefix("/"), text.utf8.count <= Self.lengthMax else { return nil }
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "/"), UInt8(ascii: ":"):
                true
            default: false
            }
        }
        let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard isPlain, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return nil }
        self.text = text
    }

    /// The path of an address in an answer of a provider: of the provider's own host, or of the router.
    init?(ofAddress address: String, provider: HFRoutedProvider, baseURL: String) {
        var rest = Substring(address).prefix { $0 != "?" && $0 != "#" }
        if rest.hasPrefix(baseURL + "/\(provider.rawValue)/") {
            rest = rest.dropFirst(baseURL.count + 1 + provider.rawValue.count)
        } else if let scheme = ["https://", "http://"].first(where: { rest.hasPrefix($0) }) {
            rest = rest.dropFirst(scheme.count).drop { $0 != "/" }
        }
        self.init(String(rest))
    }

    var description: String { text }
}
