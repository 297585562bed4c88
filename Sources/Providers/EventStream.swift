// The data of server-sent events, as it comes: each event is read like a body of its own, so its pictures stay out of memory.

/// Takes a `text/event-stream` apart. Names and comments are passed over: what an event is, its data says.
/// Blocks while a picture is written to its file.
struct EventStream {
    private enum Place { case name, space, data, rest }
    private var place = Place.name
    private var name: [UInt8] = []
    private var body: ReplyBody?

    /// A longer name of a field is none that matters.
    private static let nameMax = 32
    private static let newline = UInt8(ascii: "\n")

    /// - Returns: the events that this piece completes.
    mutating func take(_ piece: UnsafeRawBufferPointer) throws(SpoolError) -> [ReplyBody.Parts] {
        var events: [ReplyBody.Parts] = []
        var at = 0
        while at < piece.count {
            switch place {
            case .name:
                if let event = nameByte(piece[at]) { events.append(event) }
                at += 1
            case .space:
                if piece[at] == UInt8(ascii: " ") { at += 1 }
                place = .data
                if body == nil { body = ReplyBody() }
            case .data, .rest:
                let end = piece[at...].firstIndex(of: Self.newline)
                let line = UnsafeRawBufferPointer(rebasing: piece[at..<(end ?? piece.count)])
                if place == .data { try body?.take(line) }
                if end != nil { place = .name }
                at += line.count + (end == nil ? 0 : 1)
            }
        }
        return events
    }

    /// An event whose end did not come.
    mutating func takeRest() -> ReplyBody.Parts? {
        defer { body = nil }
        return body?.parts
    }

    private mutating func nameByte(_ byte: UInt8) -> ReplyBody.Parts? {
        switch byte {
        case UInt8(ascii: "\r"): break
        case Self.newline:
            let isBlank = name.isEmpty
            name = []
            return isBlank ? takeRest() : nil
        case UInt8(ascii: ":"):
            place = name.elementsEqual("data".utf8) ? .space : .rest
            name = []
        default:
            name.append(byte)
            guard name.count > Self.nameMax else { break }
            place = .rest
            name = []
        }
        return nil
    }
}
