// A provider's image as what the host gets.
internal import EdgeFunction
internal import EdgeHTTP
internal import JSON
internal import Providers

extension Artifact {
    /// An image in a file is sent from there: its bytes never come into memory.
    /// - Parameter facts: nil for those of the image.
    init(_ image: ImageResult, facts: JSONObject? = nil) {
        self.init(Self.content(image.content), type: image.info.type.mediaType, facts: facts ?? image.facts)
    }

    init(_ partial: PartialImage) {
        self.init(Self.content(partial.content), type: partial.info.type.mediaType, facts: partial.facts)
    }

    private static func content(_ bytes: ResultBytes) -> Content {
        guard let file = bytes.file else { return .bytes(bytes.bytes) }
        return .file(HTTPFileRegion(HTTPFile(file.descriptor, size: bytes.count, ownedBy: file)))
    }
}
