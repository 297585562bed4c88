// Writes a PNG row by row through zlib, so that a whole picture is never in memory unpacked.
internal import CZlib

/// An RGB picture in the making. Rows go in from the top; `finish` gives the file.
struct PNGWriter: ~Copyable {
    private let width: Int
    private let height: Int
    // On the heap because zlib keeps a pointer to it and refuses a stream that has moved.
    private let stream: UnsafeMutablePointer<z_stream>
    private var filtered: [UInt8]
    private var packed: [UInt8] = []
    private var chunk = [UInt8](repeating: 0, count: 1 << 16)

    init(width: Int, height: Int) {
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
    mutating func add(_ row: UnsafeBufferPointer<UInt32>) {
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

    consuming func finish() -> [UInt8] {
        pack([], Z_FINISH)
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        file.reserveCapacity(packed.count + 64)
        // 8 bits a sample, RGB, zlib, adaptive filters, not interlaced
        Self.append(
            "IHDR",
            Self.bigEndian(UInt32(width)) + Self.bigEndian(UInt32(height)) + [8, 2, 0, 0, 0],
            to: &file
        )
        Self.append("IDAT", packed, to: &file)
        Self.append("IEND", [], to: &file)
        return file
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

    private static func append(_ name: String, _ data: [UInt8], to file: inout [UInt8]) {
        file += bigEndian(UInt32(data.count))
        let start = file.count
        file += name.utf8
        file += data
        let sum = file[start...].withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) }
        file += bigEndian(UInt32(truncatingIfNeeded: sum))
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] {
        [UInt8(number >> 24), UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
    }
}
