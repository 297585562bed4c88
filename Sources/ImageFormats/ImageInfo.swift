// What the bytes of an image say about it, and whether all of them are there.

/// Type and size of a body that is an image, and whole. Reads structure only: no pixel is decoded.
public struct ImageInfo: Sendable, Equatable {
    public let type: ImageType

    /// Read for PNG, JPEG, WebP and GIF; nil for the others.
    public let width: Int?
    public let height: Int?

    /// - Throws: ``ImageFault`` for a body that is empty, is no image, or ends too early.
    public init(reading bytes: [UInt8]) throws(ImageFault) {
        self = try bytes.withBytes { (bytes) throws(ImageFault) in try ImageInfo(reading: bytes) }
    }

    /// The same for bytes that are borrowed.
    public init(reading bytes: UnsafeRawBufferPointer) throws(ImageFault) {
        guard !bytes.isEmpty else { throw .empty }
        guard let type = ImageType(of: bytes) else { throw .notAnImage(ImageFault.guess(bytes)) }
        let size: Size?
        switch type {
        case .png: size = try PNGReader.size(of: bytes)
        case .jpeg: size = try JPEGReader.size(of: bytes)
        case .webp: size = try WebPReader.size(of: bytes)
        case .gif: size = try GIFReader.size(of: bytes)
        case .bmp:
            guard let length = bytes.littleEndian(at: 2, size: 4), length <= bytes.count else {
                throw .truncated(.bmp, "the file is shorter than its header says")
            }
            size = nil
        case .mp4:
            try MP4Reader.check(bytes)
            size = nil
        case .tiff:
            let first = bytes.has("I", at: 0) ? bytes.littleEndian(at: 4, size: 4) : bytes.bigEndian(at: 4, size: 4)
            guard let first, first >= 8, first + 2 <= bytes.count else {
                throw .truncated(.tiff, "its directory lies past the end")
            }
            size = nil
        }
        if let size, size.width == 0 || size.height == 0 {
            throw .damaged(type, "it says that it is 0 pixels wide or high")
        }
        (self.type, width, height) = (type, size?.width, size?.height)
    }

    struct Size: Equatable {
        let width: Int
        let height: Int
    }
}

/// Why a body is not a whole image.
public enum ImageFault: Error, Sendable, Equatable, CustomStringConvertible {
    case empty
    /// The text names what it seems to be: `JSON`, `an HTML page`, `text`, or `an unknown format`.
    case notAnImage(String)
    case truncated(ImageType, String)
    case damaged(ImageType, String)

    public var description: String {
        switch self {
        case .empty: "the body is empty"
        case .notAnImage(let what): "the body is \(what) and not an image"
        case .truncated(let type, let why): "the \(type.rawValue.uppercased()) image is cut off: \(why)"
        case .damaged(let type, let why): "the \(type.rawValue.uppercased()) image is damaged: \(why)"
        }
    }

    /// Whether a body begins as a JSON object or list does.
    public static func isJSON(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes(guess) == "JSON" }

    static func guess(_ bytes: UnsafeRawBufferPointer) -> String {
        let start = bytes.prefix(512).drop { [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
        switch start.first {
        case UInt8(ascii: "{"), UInt8(ascii: "["): return "JSON"
        case UInt8(ascii: "<"): return "an HTML page"
        default:
            return start.allSatisfy { $0 >= 0x20 || [0x09, 0x0A, 0x0D].contains($0) } ? "text" : "an unknown format"
        }
    }
}
