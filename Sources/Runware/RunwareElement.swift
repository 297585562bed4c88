// One element of an answer's `data`: a result, a piece of news, or an acknowledgement.
internal import Glibc  // rounding, in debug builds: links the mathematics library
internal import JSON

struct RunwareElement: Sendable, Equatable {
    enum State: Sendable { case working, made, failed }

    let json: JSONValue

    init(_ json: JSONValue) { self.json = json }

    var state: State {
        switch json["status"]?.string {
        case "error", "failed": .failed
        case "success": .made
        case "processing", "queued", "pending": .working
        default:
            json["error"].map { !$0.isNull } ?? false ? .failed : address != nil || base64 != nil ? .made : .working
        }
    }

    /// Where the bytes are.
    var address: String? { text("imageURL", "videoURL", "mediaURL") }

    /// The bytes themselves, with or without `data:...;base64,` before them.
    var base64: String? { text("imageBase64Data", "imageDataURI", "mediaBase64Data", "mediaDataURI") }

    var uuid: String? { text("imageUUID", "videoUUID", "mediaUUID") }

    /// Whether the check that was asked for found the result unsafe.
    var isUnsafe: Bool { json["NSFWContent"]?.bool ?? false }

    /// Seeds reach beyond `Int64`, where a JSON number is a double.
    var seed: UInt64? {
        switch json["seed"] {
        case .integer(let number): UInt64(exactly: number)
        case .double(let number): UInt64(exactly: number)
        case .string(let text): UInt64(text)
        default: nil
        }
    }

    /// In micro-dollars.
    var cost: Int64? {
        guard let dollars = json["cost"]?.double, dollars.isFinite, (0...1_000_000).contains(dollars) else {
            return nil
        }
        return Int64((dollars * 1_000_000).rounded())
    }

    /// 0 to 1.
    var progress: Double? {
        guard state == .working, let percent = json["progress"]?.double, percent.isFinite else { return nil }
        return min(max(percent / 100, 0), 1)
    }

    private func text(_ names: String...) -> String? {
        names.lazy.compactMap { json[$0]?.string }.first { !$0.isEmpty }
    }
}
