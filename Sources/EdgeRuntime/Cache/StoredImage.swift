// An image that was just stored, held until somebody refers to it.
internal import EdgeLoop

/// Keep it until ``ImageFiles/retain(_:by:)`` was called: an image that nobody holds or refers to is removed.
struct StoredImage: Sendable {
    let name: ImageName
    let bytes: Int
    /// Absolute.
    let path: String
    let lease: ImageLease

    var sha256: String { name.sha256 }
}

/// Keeps one image's file while it lives.
@LoopActor
final class ImageLease {
    private let name: ImageName
    private let images: ImageFiles

    init(_ name: ImageName, in images: ImageFiles) {
        self.name = name
        self.images = images
        images.beginLease(name)
    }

    isolated deinit { images.endLease(name) }
}
