// Writes a PNG row by row through zlib, so that a whole picture is never in memory unpacked.
internal import CZlib

/// An RGB picture in the making. Rows go in from the top; `finish` gives the file.
package struct PNGWriter: ~Copyable {
    private let width: Int
    private let height: Int
    // On the heap because zlib keeps a pointer to it and refuses a stream that has moved.
    private let stream: UnsafeMutablePointer<z_stream>
    private var filtered: [UInt8]
    private var packed: [UInt8] = []
    private var chunk = [UInt8](repeating: 0, count: 1 << 16)

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
        filtered = [UInt8](repeating: 0, count: 1 + 3 * width)
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // Level 1 suffices: flat spans become runs of zeros by the filter below.
        let status = deflateInit2_(
            stream,
            1,
            Z_DEFLATED,
            15,
            8,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        precondition(status == Z_OK, "zlib could not begin: status \(status)")
    }

    deinit {
        deflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// - Parameter row: `width` pixels as 0xRRGGBB.
    package mutating func add(_ row: UnsafeBufferPointer<UInt32>) {
        precondition(row.count == width)
        filtered.withUnsafeMutableBufferPointer { out in
            out[0] = 1  // filter Sub: each byte is the difference to the pixel on its left
            var left: UInt32 = 0
            var at = 1
            for pixel in row {
                if pixel == left {
                    out[at] = 0
                    out[at + 1] = 0
                    out[at + 2] = 0
                } else {
                    out[at] = UInt8(truncatingIfNeeded: pixel >> 16) &- UInt8(truncatingIfNeeded: left >> 16)
                    out[at + 1] = UInt8(truncatingIfNeeded: pixel >> 8) &- UInt8(truncatingIfNeeded: left >> 8)
                    out[at + 2] = UInt8(truncatingIfNeeded: pixel) &- UInt8(truncatingIfNeeded: left)
                    left = pixel
                }
                at += 3
            }
        }
        pack(filtered, Z_NO_FLUSH)
    }

    package consuming func finish() -> [UInt8] {
        pack([], Z_FINISH)
        return PNGFile.bytes(width: width, height: height, colour: .rgb, packed: packed)
    }

    private mutating func pack(_ bytes: [UInt8], _ flush: Int32) {
        bytes.withUnsafeBufferPointer { input in
            stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)  // zlib only reads it
            stream.pointee.avail_in = UInt32(input.count)
            var isFull = true
            while isFull {
                let size = chunk.count
                let made = chunk.withUnsafeMutableBufferPointer { output in
                    stream.pointee.next_out = output.baseAddress
                    stream.pointee.avail_out = UInt32(size)
                    deflate(stream, flush)
                    return size - Int(stream.pointee.avail_out)
                }
                packed.append(contentsOf: chunk[..<made])
                isFull = made == size
            }
        }
    }
}
