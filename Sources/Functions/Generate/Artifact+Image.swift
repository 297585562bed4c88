// A provider's image as what the host gets.
internal import EdgeFunction
internal import EdgeHTTP
internal import JSON
internal import Providers

extension Artifact {
    /// An image in a file is sent from there: its bytes never come into memory.
    /// - Parameter facts: nil for those of the image.
    init(_ image: ImageResult, facts: JSONObject? = nil) {
        let content: Content =
            if let file = image.content.file {
                .file(HTTPFileRegion(HTTPFile(file.descriptor, size: image.content.count, ownedBy: file)))
            } else {
                .bytes(image.bytes)
            }
        self.init(content, type: image.info.type.mediaType, facts: facts ?? image.facts)
    }
}
