// PNG: a signature, then chunks of length, name, data and checksum, from IHDR to IEND.

enum PNGReader {
    static func size(of bytes: UnsafeRawBufferPointer) throws(ImageFault) -> ImageInfo.Size {
        guard bytes.count >= 8 + 25 else { throw .truncated(.png, "its header is not all there") }
        guard bytes.has("IHDR", at: 12), let width = bytes.bigEndian(at: 16, size: 4),
            let height = bytes.bigEndian(at: 20, size: 4)
        else { throw .damaged(.png, "it does not begin with an IHDR chunk") }

        var at = 8
        var hasPixels = false
        while let length = bytes.bigEndian(at: at, size: 4) {
            let end = at + 12 + length
            guard end <= bytes.count else { throw .truncated(.png, "a chunk runs past the end") }
            if bytes.has("IDAT", at: at + 4) { hasPixels = true }
            if bytes.has("IEND", at: at + 4) {
                guard hasPixels else { throw .damaged(.png, "it has no IDAT chunk") }
                return ImageInfo.Size(width: width, height: height)
            }
            at = end
        }
        throw .truncated(.png, "it has no IEND chunk")
    }
}
