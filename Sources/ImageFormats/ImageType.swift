// The kind of an image or video, told by its first bytes; providers' labels are often wrong.

/// What a body is. Always read from the bytes: providers label JPEG as PNG, and WebP as JPEG.
public enum ImageType: String, Sendable, Hashable, CaseIterable {
    case png, jpeg, webp, gif, tiff, bmp, mp4

    /// The type that the first bytes tell, or nil when they tell none of these.
    public init?(of bytes: [UInt8]) {
        guard let type = bytes.withUnsafeBytes({ ImageType(of: $0) }) else { return nil }
        self = type
    }

    /// The same for bytes that are borrowed.
    public init?(of bytes: UnsafeRawBufferPointer) {
        switch bytes {
        case _ where bytes.has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], at: 0): self = .png
        case _ where bytes.has([0xFF, 0xD8, 0xFF], at: 0): self = .jpeg
        case _ where bytes.has("RIFF", at: 0) && bytes.has("WEBP", at: 8): self = .webp
        case _ where bytes.has("GIF8", at: 0): self = .gif
        case _ where bytes.has([0x49, 0x49, 0x2A, 0x00], at: 0): self = .tiff
        case _ where bytes.has([0x4D, 0x4D, 0x00, 0x2A], at: 0): self = .tiff
        case _ where bytes.has("ftyp", at: 4):
            // AVIF and HEIC are built of the same boxes as MP4, and neither is a video.
            guard !["avif", "avis", "heic", "heix", "mif1", "msf1"].contains(where: { bytes.has($0, at: 8) }) else {
                return nil
            }
            self = .mp4
        case _ where bytes.has("BM", at: 0): self = .bmp
        default: return nil
        }
    }

    /// `image/png`, `video/mp4` and so on.
    public var mediaType: String { self == .mp4 ? "video/mp4" : "image/\(rawValue)" }

    /// What a file of this type is called after the dot.
    public var fileExtension: String { self == .jpeg ? "jpg" : rawValue }

    /// False for a video.
    public var isStill: Bool { self != .mp4 }
}
