// An image file as the body of an answer.
internal import EdgeHTTP

extension ImageHandle {
    /// All of its bytes; the handle stays open while they are sent.
    var region: HTTPFileRegion { HTTPFileRegion(HTTPFile(descriptor, size: bytes, ownedBy: self)) }
}
