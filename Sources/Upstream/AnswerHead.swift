// The head of an answer, line by line as curl hands it over.

/// Collects status and headers. Heads of 1xx answers are passed over, and lines after the last head are trailers.
struct AnswerHead: Sendable {
    private(set) var status = 0
    private(set) var headers = UpstreamHeaders()
    private(set) var isComplete = false
    /// The length that the head names.
    private(set) var contentLength: Int?
    private var bytes = 0

    /// The most bytes of all heads of one call together.
    static let bytesMax = 64 << 10

    /// Takes one line.
    /// - Throws: what is wrong with it.
    mutating func take(_ line: UnsafeRawBufferPointer) throws(UpstreamError.Reason) {
        guard !isComplete else { return }
        bytes += line.count
        guard bytes <= Self.bytesMax else { throw .badAnswer("its head is larger than \(Self.bytesMax) bytes") }
        var line = line[...]
        while let last = line.last, last == 0x0a || last == 0x0d { line = line.dropLast() }
        if line.starts(with: "HTTP/".utf8) {
            headers = UpstreamHeaders()
            status = Self.status(in: line)
            guard (100...999).contains(status) else { throw .badAnswer("its status is not a number of three digits") }
        } else if line.isEmpty {
            isComplete = status >= 200
            contentLength = headers["content-length"].flatMap { Int($0) }
        } else if line.first == 0x20 || line.first == 0x09 {
            headers.extendLast(with: Self.text(line))
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
            headers.add(Self.text(line[..<colon]), Self.text(line[(colon + 1)...]))
        }
    }

    private static func status(in line: Slice<UnsafeRawBufferPointer>) -> Int {
        let words = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard words.count > 1, words[1].count == 3 else { return 0 }
        return Int(text(words[1])) ?? 0
    }

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        var bytes = bytes
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes = bytes.dropFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes = bytes.dropLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
