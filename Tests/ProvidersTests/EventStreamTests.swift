import TestSupport
import Testing

@testable import Providers

struct EventStreamTests {
    /// The JSON of each event, and the pictures taken out of it.
    private func events(_ text: String, piece: Int) throws -> [(json: String, pictures: [[UInt8]])] {
        var stream = EventStream()
        var events: [ReplyBody.Parts] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: piece) {
            let part = Array(bytes[start..<min(start + piece, bytes.count)])
            events += try part.withUnsafeBytes { try stream.take($0) }
        }
        if let rest = stream.takeRest() { events.append(rest) }
        return events.map { parts in
            (String(decoding: parts.body, as: UTF8.self), parts.pictures.map { $0?.bytes ?? [] })
        }
    }

    @Test("An event is its data, however it comes", arguments: [1, 2, 3, 7, 4096])
    func reads(piece: Int) throws {
        let picture = TestPicture.png("p", extra: 8000)
        let text =
            ": hello\n\nevent: a\r\ndata: {\"n\":1}\r\n\r\nid: 7\ndata:{\"n\":\ndata: 2}\n\nretry: 10\n\n"
            + "event: b\ndata: {\"b64_json\":\"\(TestPicture.base64(picture))\"}\n\ndata: [DONE]\n\ndata: {\"cut\":"

        let events = try events(text, piece: piece)

        #expect(
            events.map { $0.json.filter { $0 != "\r" } } == [
                #"{"n":1}"#, #"{"n":2}"#, #"{"b64_json":"<picture 0>"}"#, "[DONE]", #"{"cut":"#,
            ]
        )
        #expect(events[2].pictures == [picture])
    }

    @Test func `what is no event stream has no events`() throws {
        #expect(try events("<html>data: {}</html>\n\n", piece: 100).isEmpty)
        #expect(try events("", piece: 1).isEmpty)
        #expect(try events(String(repeating: "data", count: 100) + ": {}\n\n", piece: 9).isEmpty)
    }
}
