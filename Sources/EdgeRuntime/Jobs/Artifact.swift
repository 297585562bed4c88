// What a job made: image files by their hash, and the facts that the function told of them.
internal import JSON

/// One stored image of a job or of a cache entry.
struct ImageRecord: Equatable, Sendable {
    let sha256: String
    /// Media type: `image/png`.
    let type: String
    let bytes: Int
    let width: Int?
    let height: Int?

    var fileName: String { "\(sha256).\(ImageFileType.fileExtension(ofType: type))" }
    /// nil for a document that somebody has tampered with.
    var name: ImageName? { ImageName(sha256: sha256, ext: ImageFileType.fileExtension(ofType: type)) }

    /// - Parameter base: the absolute URL of this host for a client's answer; nil for a file, which stores no URL.
    func json(base: String?) -> JSONValue {
        var object: JSONObject = [:]
        if let base { object["url"] = .string("\(base)/images/\(fileName)") }
        if let width { object["width"] = .integer(Int64(width)) }
        if let height { object["height"] = .integer(Int64(height)) }
        object["bytes"] = .integer(Int64(bytes))
        object["type"] = .string(type)
        object["sha256"] = .string(sha256)
        return .object(object)
    }

    init(sha256: String, type: String, bytes: Int, width: Int?, height: Int?) {
        self.sha256 = sha256
        self.type = type
        self.bytes = bytes
        self.width = width
        self.height = height
    }

    init?(_ value: JSONValue) {
        guard let sha256 = value["sha256"]?.string, let type = value["type"]?.string,
            let bytes = value["bytes"]?.integer
        else { return nil }
        self.init(
            sha256: sha256,
            type: type,
            bytes: Int(clamping: bytes),
            width: value["width"]?.integer.map { Int(clamping: $0) },
            height: value["height"]?.integer.map { Int(clamping: $0) }
        )
    }
}

/// The images of one generation with what the function said of them in `Edge-Result`.
struct JobResult: Equatable, Sendable {
    var images: [ImageRecord]
    /// `provider`, `model`, `seed`, `cost` in micro-dollars, and whatever else the function told.
    var facts: JSONObject

    /// Facts that the job document shows beside the state.
    static let shownFacts = ["provider", "model", "seed", "cost"]
    /// Facts that it shows where they are told: what was left out of a request, whether the cost is only a price list's, and whether the
    /// caller's own token has paid, and how much. `buzz` is what was paid in a provider's own currency, which no budget counts.
    static let rareFacts = ["dropped", "costEstimated", "own", "ownCost", "buzz"]
}
