// Any bytes as an event stream: read alike however they are cut, and each event's data as the same bytes in a body of their own.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEventStream(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    let whole = events(bytes, cut: { _ in bytes.count })
    precondition(events(bytes, cut: { _ in 1 }) == whole)
    precondition(events(bytes, cut: { 1 + Int(bytes[$0]) }) == whole)
    checkData(bytes)
    return 0
}

/// - Parameter cut: how long the piece is that begins there.
/// - Returns: nil where the stream is too large.
private func events(_ bytes: [UInt8], cut: (Int) -> Int) -> [ReplyBody.Parts]? {
    var stream = EventStream()
    var events: [ReplyBody.Parts] = []
    var at = 0
    while at < bytes.count {
        let end = min(at + max(1, cut(at)), bytes.count)
        do {
            events += try Array(bytes[at..<end]).withBytes { (piece) throws(SpoolError) in try stream.take(piece) }
        } catch {
            precondition(error == .tooLarge)
            return nil
        }
        at = end
    }
    if let rest = stream.takeRest() { events.append(rest) }
    for event in events { check(event) }
    return events
}

/// What stands in for a picture leads to it.
private func check(_ event: ReplyBody.Parts) {
    precondition(event.pictures.count <= event.body.count)
    for number in event.pictures.indices {
        let mark = JSONTap.mark(number)
        precondition(JSONTap.picture(namedBy: mark) == number)
        precondition(String(decoding: event.body, as: UTF8.self).contains(mark))
    }
}

/// One line of data is an event of its own, whatever stands around it.
private func checkData(_ bytes: [UInt8]) {
    let line = bytes.filter { $0 != 0x0A }
    var body = ReplyBody()
    guard (try? line.withBytes { (line) throws(SpoolError) in try body.take(line) }) != nil else { return }
    for (before, after) in [("data: ", "\n\n"), (": hello\n\nevent: a\r\ndata: ", "\nid: 7\r\n\r\n")] {
        let text = Array(before.utf8) + line + Array(after.utf8)
        precondition(events(text, cut: { _ in 7 }) == [body.parts])
    }
}
