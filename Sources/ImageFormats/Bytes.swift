// Reads of numbers and marks inside bytes that somebody else sent: never past the end.

extension UnsafeRawBufferPointer {
    func has(_ mark: [UInt8], at offset: Int) -> Bool {
        offset >= 0 && count - offset >= mark.count && self[offset..<offset + mark.count].elementsEqual(mark)
    }

    func has(_ mark: String, at offset: Int) -> Bool {
        let mark = mark.utf8
        return offset >= 0 && count - offset >= mark.count && self[offset..<offset + mark.count].elementsEqual(mark)
    }

    /// The number in `size` bytes, most significant byte first, or nil when they are not all there.
    func bigEndian(at offset: Int, size: Int) -> Int? {
        guard offset >= 0, count - offset >= size else { return nil }
        return self[offset..<offset + size].reduce(0) { $0 << 8 | Int($1) }
    }

    /// The number in `size` bytes, least significant byte first, or nil when they are not all there.
    func littleEndian(at offset: Int, size: Int) -> Int? {
        guard offset >= 0, count - offset >= size else { return nil }
        return self[offset..<offset + size].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}

extension [UInt8] {
    /// `withUnsafeBytes` that keeps the type of its closure's errors.
    package func withBytes<Output, Failure>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Output
    ) throws(Failure) -> Output {
        try withUnsafeBufferPointer { (bytes) throws(Failure) in try body(UnsafeRawBufferPointer(bytes)) }
    }
}
