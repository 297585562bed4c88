// What the parser makes of a byte stream, as a value: the same for every way of cutting the stream.
// The fuzz target (Fuzz/HTTPParserFuzz.swift) compiles this file together with the parser, without the module.
#if canImport(EdgeHTTP)
@testable import EdgeHTTP
#endif

struct HTTPTranscript: Equatable, CustomStringConvertible {
    struct Message: Equatable {
        var start: [UInt8] = []
        var fields: [[UInt8]] = []
        var path: [UInt8] = []
        var query: [UInt8]?
        var body: [UInt8] = []
        var keepsAlive = true
        var isComplete = false
    }

    var messages: [Message] = []
    var refusal: HTTPRefusal?

    /// Reads requests (or, with `toHead`, answers) from pieces that arrive one after the other.
    init(_ pieces: [[UInt8]], limit: Int = 16_384, toHead: Bool? = nil) {
        var buffer: [UInt8] = []
        let head = HTTPHead()
        var decoder: HTTPBodyDecoder?
        for piece in pieces {
            buffer += piece
            do throws(HTTPRefusal) {
                while try step(&buffer, head, &decoder, limit: limit, toHead: toHead) {}
            } catch {
                refusal = error
                return
            }
        }
    }

    /// One head, or as much of one body as is there. False when more bytes are needed.
    private mutating func step(
        _ buffer: inout [UInt8],
        _ head: HTTPHead,
        _ decoder: inout HTTPBodyDecoder?,
        limit: Int,
        toHead: Bool?
    ) throws(HTTPRefusal) -> Bool {
        guard var body = decoder else {
            let outcome = try buffer.parse(head, limit: limit, toHead: toHead)
            guard case .complete(let end) = outcome else { return false }
            note(head, in: buffer)
            decoder = HTTPBodyDecoder(head.body, trailerBytesMax: limit)
            head.reset()
            buffer.removeFirst(end)
            return true
        }
        var index = 0
        defer { buffer.removeFirst(index) }
        while true {
            let step = try buffer.next(&body, at: &index)
            decoder = body
            switch step {
            case .incomplete: return false
            case .data(let range): messages[messages.count - 1].body += buffer[range]
            case .finished:
                messages[messages.count - 1].isComplete = true
                decoder = nil
                return true
            }
        }
    }

    private mutating func note(_ head: HTTPHead, in buffer: [UInt8]) {
        var message = Message()
        if let target = head.targetParts {
            message.start = Array(buffer[head.method]) + [0x20] + Array(buffer[head.target])
            message.start += Array(" HTTP/1.\(head.minorVersion)".utf8)
            let raw = Array(buffer[head.target])
            message.path = Array(raw[target.path])
            message.query = target.query.map { Array(raw[$0]) }
        } else {
            message.start = Array("HTTP/1.\(head.minorVersion) \(head.status) ".utf8) + Array(buffer[head.reasonPhrase])
        }
        message.fields = head.fields.map { Array(buffer[$0.name]) + [0x3A] + Array(buffer[$0.value]) }
        message.keepsAlive = head.keepsAlive
        messages.append(message)
    }

    /// The requests once more, every body with the framing that its head declares.
    var serialized: [UInt8] {
        var bytes: [UInt8] = []
        for message in messages where message.isComplete {
            bytes += message.start + [0x0D, 0x0A]
            for field in message.fields { bytes += field + [0x0D, 0x0A] }
            bytes += [0x0D, 0x0A]
            let isChunked = message.fields.contains { field in
                String(decoding: field, as: UTF8.self).lowercased().hasPrefix("transfer-encoding:")
            }
            guard isChunked else {
                bytes += message.body
                continue
            }
            if !message.body.isEmpty {
                bytes += Array("\(String(message.body.count, radix: 16))\r\n".utf8) + message.body + [0x0D, 0x0A]
            }
            bytes += Array("0\r\n\r\n".utf8)
        }
        return bytes
    }

    var description: String {
        let lines = messages.map { message in
            "\(String(decoding: message.start, as: UTF8.self)) +\(message.body.count)\(message.isComplete ? "" : "...")"
        }
        return (lines + [refusal?.description].compactMap(\.self)).joined(separator: " | ")
    }
}

extension [UInt8] {
    fileprivate func parse(_ head: HTTPHead, limit: Int, toHead: Bool?) throws(HTTPRefusal) -> HTTPHead.Outcome {
        let result = withUnsafeBytes { bytes -> Result<HTTPHead.Outcome, HTTPRefusal> in
            do throws(HTTPRefusal) {
                if let toHead { return .success(try head.parseResponse(bytes, limit: limit, toHead: toHead)) }
                return .success(try head.parseRequest(bytes, limit: limit))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    fileprivate func next(
        _ decoder: inout HTTPBodyDecoder,
        at index: inout Int
    ) throws(HTTPRefusal) -> HTTPBodyDecoder.Step {
        let result = withUnsafeBytes { bytes -> Result<HTTPBodyDecoder.Step, HTTPRefusal> in
            do throws(HTTPRefusal) {
                return .success(try decoder.next(bytes, at: &index))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
