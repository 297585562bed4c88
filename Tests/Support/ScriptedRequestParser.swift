// Reads requests for a scripted upstream: plain and forgiving, since the clients under test are the ones to be strict.

/// Collects bytes until a request is whole.
struct ScriptedRequestParser {
    private var bytes: [UInt8] = []
    private var head: ScriptedRequest?
    /// Whether the head that was just read waits for a 100; true once.
    private var wantsContinue = false

    mutating func take(_ more: some Collection<UInt8>) { bytes += more }

    /// The next whole request, if one is here.
    mutating func next() -> ScriptedRequest? {
        if head == nil { readHead() }
        guard var request = head else { return nil }
        if request.header("transfer-encoding")?.lowercased() == "chunked" {
            guard let (body, end) = chunkedBody() else { return nil }
            request.body = body
            bytes.removeFirst(end)
        } else {
            let length = request.header("content-length").flatMap { Int($0) } ?? 0
            guard bytes.count >= length else { return nil }
            request.body = Array(bytes[0..<length])
            bytes.removeFirst(length)
        }
        head = nil
        wantsContinue = false
        return request
    }

    mutating func takesContinue() -> Bool {
        defer { wantsContinue = false }
        return wantsContinue
    }

    private mutating func readHead() {
        guard let end = firstIndex(of: Array("\r\n\r\n".utf8), from: 0) else { return }
        let lines = String(decoding: bytes[0..<end], as: UTF8.self).split(separator: "\r\n")
        bytes.removeFirst(end + 4)
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3 else { return }
        var request = ScriptedRequest()
        request.method = String(words[0])
        request.target = String(words[1])
        for line in lines.dropFirst() {
            let value = line.drop { $0 != ":" }.dropFirst().drop { $0 == " " }
            request.headers.append((String(line.prefix { $0 != ":" }), String(value)))
        }
        wantsContinue = request.header("expect")?.lowercased() == "100-continue"
        head = request
    }

    /// The body and where it ends; nil while some is missing.
    private func chunkedBody() -> ([UInt8], Int)? {
        var body: [UInt8] = []
        var position = 0
        while let line = firstIndex(of: [13, 10], from: position) {
            let size = Int(String(decoding: bytes[position..<line], as: UTF8.self).prefix { $0 != ";" }, radix: 16) ?? 0
            let start = line + 2
            guard bytes.count >= start + size + 2 else { return nil }
            if size == 0 { return (body, start + 2) }
            body += bytes[start..<start + size]
            position = start + size + 2
        }
        return nil
    }

    private func firstIndex(of pattern: [UInt8], from start: Int) -> Int? {
        guard bytes.count >= start + pattern.count else { return nil }
        return (start...(bytes.count - pattern.count)).first { bytes[$0..<$0 + pattern.count].elementsEqual(pattern) }
    }
}
