// GIF: a screen descriptor, then blocks that are chains of short runs, and a trailer byte.

enum GIFReader {
    static func size(of bytes: UnsafeRawBufferPointer) throws(ImageFault) -> ImageInfo.Size {
        guard bytes.count >= 13, let width = bytes.littleEndian(at: 6, size: 2),
            let height = bytes.littleEndian(at: 8, size: 2)
        else { throw .truncated(.gif, "its header is not all there") }

        var at = 13 + colourTable(bytes[10])
        var hasPicture = false
        while at < bytes.count {
            switch bytes[at] {
            case 0x3B:
                guard hasPicture else { throw .damaged(.gif, "it holds no picture") }
                return ImageInfo.Size(width: width, height: height)
            case 0x21: at = try endOfRuns(in: bytes, from: at + 2)
            case 0x2C:
                guard at + 10 < bytes.count else { throw .truncated(.gif, "a picture's header is not all there") }
                at = try endOfRuns(in: bytes, from: at + 11 + colourTable(bytes[at + 9]))
                hasPicture = true
            default: throw .damaged(.gif, "a block of an unknown kind")
            }
        }
        throw .truncated(.gif, "it has no trailer")
    }

    private static func colourTable(_ flags: UInt8) -> Int { flags & 0x80 == 0 ? 0 : 3 << (Int(flags & 7) + 1) }

    private static func endOfRuns(in bytes: UnsafeRawBufferPointer, from start: Int) throws(ImageFault) -> Int {
        var at = start
        while at < bytes.count {
            if bytes[at] == 0 { return at + 1 }
            at += 1 + Int(bytes[at])
        }
        throw .truncated(.gif, "a block runs past the end")
    }
}
