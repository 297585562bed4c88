// MP4: boxes with a length each; a whole file ends where its last box ends and holds a `moov` box.

enum MP4Reader {
    static func check(_ bytes: UnsafeRawBufferPointer) throws(ImageFault) {
        var at = 0
        var hasIndex = false
        while at < bytes.count {
            guard var length = bytes.bigEndian(at: at, size: 4), bytes.count - at >= 8 else {
                throw .truncated(.mp4, "a box header is not all there")
            }
            if bytes.has("moov", at: at + 4) { hasIndex = true }
            if length == 0 { break }  // this box reaches to the end of the file
            if length == 1 {
                // A 64-bit length; its upper half is never used by a body that fits in memory.
                guard bytes.bigEndian(at: at + 8, size: 4) == 0, let long = bytes.bigEndian(at: at + 12, size: 4) else {
                    throw .truncated(.mp4, "a box runs past the end")
                }
                length = long
            }
            guard length >= 8 else { throw .damaged(.mp4, "a box is shorter than its own header") }
            guard length <= bytes.count - at else { throw .truncated(.mp4, "a box runs past the end") }
            at += length
        }
        guard hasIndex else { throw .truncated(.mp4, "it has no moov box") }
    }
}
