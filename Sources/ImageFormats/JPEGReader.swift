// JPEG: marker segments with lengths; after each scan's header, coded bytes until the next marker; EOI ends it.

enum JPEGReader {
    static func size(of bytes: UnsafeRawBufferPointer) throws(ImageFault) -> ImageInfo.Size {
        var at = 2
        var size: ImageInfo.Size?
        var hasScan = false
        while let marker = nextMarker(in: bytes, from: &at) {
            switch marker {
            case 0xD9:  // EOI
                guard let size, hasScan else { throw .damaged(.jpeg, "it ends before its picture begins") }
                return size
            case 0x01, 0xD0...0xD7: continue  // markers that stand alone
            case 0xD8: throw .damaged(.jpeg, "a second image begins inside it")
            default: break
            }
            guard let length = bytes.bigEndian(at: at, size: 2), at + length <= bytes.count else {
                throw .truncated(.jpeg, "a segment runs past the end")
            }
            guard length >= 2 else { throw .damaged(.jpeg, "a segment is shorter than its own length field") }
            switch marker {
            case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:  // SOF; C4, C8 and CC are tables
                guard length >= 7, let height = bytes.bigEndian(at: at + 3, size: 2),
                    let width = bytes.bigEndian(at: at + 5, size: 2)
                else { throw .damaged(.jpeg, "its frame header is too short") }
                size = ImageInfo.Size(width: width, height: height)
                at += length
            case 0xDA:
                hasScan = true
                at = endOfScan(in: bytes, from: at + length)
            default: at += length
            }
        }
        throw .truncated(.jpeg, "it has no end mark")
    }

    /// Moves past the next marker and returns it; nil at the end of the bytes. Fill bytes (FF) may come before it.
    private static func nextMarker(in bytes: UnsafeRawBufferPointer, from at: inout Int) -> UInt8? {
        while at + 1 < bytes.count {
            let (first, second) = (bytes[at], bytes[at + 1])
            if first == 0xFF, second != 0xFF, second != 0x00 {
                at += 2
                return second
            }
            at += 1
        }
        return nil
    }

    /// Inside coded bytes FF is followed by 00 or by a restart mark (D0 to D7); anything else ends the scan.
    private static func endOfScan(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var at = start
        while at + 1 < bytes.count {
            if bytes[at] == 0xFF {
                let next = bytes[at + 1]
                if next != 0x00, next != 0xFF, !(0xD0...0xD7).contains(next) { return at }
            }
            at += 1
        }
        return bytes.count
    }
}
