// The id of a workflow that is ours, made of the attempt's: equal on every run, so that nothing is paid twice.
internal import Digest

/// 1 to 128 of `[A-Za-z0-9_-]`, which Civitai takes as the key of one workflow of one account (`externalId`).
struct ExternalID: Sendable, Equatable {
    static let lengths = 1...128

    let text: String

    /// The attempt's id. Of a text that does not fit the digest; of none at all a random one, which only the state then knows.
    init(attemptID: String) {
        self.text =
            Self.isFit(attemptID)
            ? attemptID : attemptID.isEmpty ? Hex.text(of: randomBytes(16)) : SHA256.hex(of: attemptID)
    }

    /// As it was written down; nil for what is none.
    init?(_ text: String) {
        guard Self.isFit(text) else { return nil }
        self.text = text
    }

    /// The seed of a request that names none: the API wants one, and the same id must come with the same body.
    var seed: UInt32 { UInt32(SHA256.hex(of: "seed \(text)").prefix(8), radix: 16) ?? 1 }

    private static func isFit(_ text: String) -> Bool {
        lengths.contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
