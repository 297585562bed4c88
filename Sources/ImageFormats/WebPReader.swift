// WebP: a RIFF file whose first chunk is VP8 (lossy), VP8L (lossless) or VP8X (extended).

enum WebPReader {
    static func size(of bytes: UnsafeRawBufferPointer) throws(ImageFault) -> ImageInfo.Size {
        guard let length = bytes.littleEndian(at: 4, size: 4), bytes.count >= 30, length + 8 <= bytes.count else {
            throw .truncated(.webp, "the file is shorter than its header says")
        }
        let size: ImageInfo.Size?
        switch bytes {
        case _ where bytes.has("VP8 ", at: 12):
            guard bytes.has([0x9D, 0x01, 0x2A], at: 23) else {
                throw .damaged(.webp, "its key frame has no start code")
            }
            size = pair(bytes.littleEndian(at: 26, size: 2), bytes.littleEndian(at: 28, size: 2)) { $0 & 0x3FFF }
        case _ where bytes.has("VP8L", at: 12):
            guard bytes.has([0x2F], at: 20) else { throw .damaged(.webp, "its lossless signature is missing") }
            let bits = bytes.littleEndian(at: 21, size: 4)
            size = pair(bits, bits.map { $0 >> 14 }) { ($0 & 0x3FFF) + 1 }
        case _ where bytes.has("VP8X", at: 12):
            size = pair(bytes.littleEndian(at: 24, size: 3), bytes.littleEndian(at: 27, size: 3)) { $0 + 1 }
        default: throw .damaged(.webp, "its first chunk is none that WebP knows")
        }
        guard let size else { throw .truncated(.webp, "its header is not all there") }
        return size
    }

    private static func pair(_ width: Int?, _ height: Int?, _ unpack: (Int) -> Int) -> ImageInfo.Size? {
        guard let width, let height else { return nil }
        return ImageInfo.Size(width: unpack(width), height: unpack(height))
    }
}
