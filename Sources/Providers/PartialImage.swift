// A picture as it stands before it is finished.
public import ImageFormats
public import JSON

/// One of the pictures that some providers send while they work, for whoever waits. It is no result: nothing keeps it.
public struct PartialImage: Sendable, Equatable {
    /// Its bytes, wherever they are.
    public let content: ResultBytes
    public let info: ImageInfo
    /// 0 for the first one of a call.
    public let index: Int
    /// What the provider says of it, such as `quality` and `background`.
    public let details: JSONObject

    /// - Throws: ``ImageFault`` when the bytes are not a whole image.
    public init(bytes content: ResultBytes, index: Int, details: JSONObject = [:]) throws(ImageFault) {
        info = try ImageInfo(reading: content)
        self.content = content
        self.index = index
        self.details = details
    }

    /// What is told beside the bytes. What is not known is left out.
    public var facts: JSONObject {
        var facts = details
        facts["width"] = info.width.map { .integer(Int64($0)) }
        facts["height"] = info.height.map { .integer(Int64($0)) }
        return facts
    }
}
