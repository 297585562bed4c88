// multipart bodies as they come in: several artifacts in one answer, or the fields of a form.

/// Splits a multipart body (RFC 2046, 5.1) that arrives in pieces. Holds back only what may be the beginning of a boundary.
struct MultipartReader {
    enum Event: Equatable {
        /// Field names in lower case.
        case part(headers: [String: String])
        case data([UInt8])
        case end
    }

    /// The body is not what its boundary promised.
    struct Malformed: Error, Equatable {
        let reason: String
    }

    /// Bytes of one part's header lines.
    static let headerBytesMax = 16 << 10

    private enum State { case preamble, afterBoundary, headers, data, epilogue }

    private let delimiter: [UInt8]
    /// Begins with a line break that the first boundary may lack.
    private var buffer: [UInt8] = [13, 10]
    private var state = State.preamble
    /// The line break before a part's data is still in the buffer.
    private var isAtPartStart = false

    /// - Parameter type: the kind of multipart that is read.
    /// - Returns: nil when the type is another one, or has no boundary of 1 to 70 characters.
    init?(contentType: String, type: String = "multipart/mixed") {
        let parts = contentType.split(separator: ";").map { HeaderList.trimmed($0) }
        guard parts.first?.lowercased() == type else { return nil }
        guard let parameter = parts.dropFirst().first(where: { $0.lowercased().hasPrefix("boundary=") }) else {
            return nil
        }
        var boundary = parameter.dropFirst("boundary=".count)
        if boundary.hasPrefix("\""), boundary.hasSuffix("\""), boundary.count >= 2 {
            boundary = boundary.dropFirst().dropLast()
        }
        guard (1...70).contains(boundary.utf8.count) else { return nil }
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// Whether the closing boundary has come.
    var isComplete: Bool { state == .epilogue }

    /// Takes the next piece, and gives what is certain by now.
    mutating func take(_ bytes: [UInt8]) throws(Malformed) -> [Event] {
        buffer += bytes
        var events: [Event] = []
        while try step(&events) {}
        return events
    }

    private mutating func step(_ events: inout [Event]) throws(Malformed) -> Bool {
        switch state {
        case .preamble:
            guard let start = firstIndex(of: delimiter) else {
                buffer.removeFirst(max(buffer.count - delimiter.count, 0))
                return false
            }
            buffer.removeFirst(start + delimiter.count)
            state = .afterBoundary
            return true
        case .afterBoundary:
            if buffer.starts(with: "--".utf8) {
                state = .epilogue
                return false
            }
            guard let end = firstIndex(of: [13, 10]) else {
                guard buffer.count <= Self.headerBytesMax else {
                    throw Malformed(reason: "a boundary line does not end")
                }
                return false
            }
            buffer.removeFirst(end)  // its line break may also be the empty line of a part without headers
            state = .headers
            return true
        case .headers:
            guard let end = firstIndex(of: [13, 10, 13, 10]) else {
                guard buffer.count <= Self.headerBytesMax else {
                    throw Malformed(reason: "a part's headers are larger than \(Self.headerBytesMax) bytes")
                }
                return false
            }
            events.append(.part(headers: Self.fields(buffer[0..<end])))
            buffer.removeFirst(end + 2)  // the second line break stays: the delimiter of an empty part begins with it
            guard buffer.count >= 2 else { throw Malformed(reason: "a part has no body") }
            state = .data
            isAtPartStart = true
            return true
        case .data:
            return takeData(&events)
        case .epilogue:
            return false
        }
    }

    private mutating func takeData(_ events: inout [Event]) -> Bool {
        guard let end = firstIndex(of: delimiter) else {
            let certain = buffer.count - delimiter.count
            guard certain > (isAtPartStart ? 2 : 0) else { return false }
            emit(upTo: certain, &events)
            return false
        }
        if end > 0 { emit(upTo: end, &events) }
        buffer.removeFirst(delimiter.count)
        events.append(.end)
        state = .afterBoundary
        return true
    }

    private mutating func emit(upTo end: Int, _ events: inout [Event]) {
        let start = isAtPartStart ? 2 : 0
        isAtPartStart = false
        if end > start { events.append(.data(Array(buffer[start..<end]))) }
        buffer.removeFirst(end)
    }

    private func firstIndex(of pattern: [UInt8]) -> Int? {
        guard buffer.count >= pattern.count else { return nil }
        var index = 0
        while index <= buffer.count - pattern.count {
            guard let next = buffer[index...(buffer.count - pattern.count)].firstIndex(of: pattern[0]) else {
                return nil
            }
            if buffer[next..<(next + pattern.count)].elementsEqual(pattern) { return next }
            index = next + 1
        }
        return nil
    }

    private static func fields(_ bytes: ArraySlice<UInt8>) -> [String: String] {
        var fields: [String: String] = [:]
        for line in bytes.split(separator: 10) {
            let line = line.last == 13 ? line.dropLast() : line
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            fields[name] = String(HeaderList.trimmed(Substring(String(decoding: line[(colon + 1)...], as: UTF8.self))))
        }
        return fields
    }
}
