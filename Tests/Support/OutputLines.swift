// What a program writes on stdout or stderr, line by line.
public import EdgeLoop

/// Reads a pipe to its end and keeps all of it.
@LoopActor
public final class OutputLines: SocketHandler {
    private let socket: Socket
    private var unfinished: [UInt8] = []
    private let changes = Changes()
    /// Whole lines, without their line ends.
    public private(set) var lines: [String] = []
    public private(set) var hasEnded = false

    public init(_ socket: Socket) {
        self.socket = socket
        socket.handler = self
        socket.interest = [.read]
    }

    /// Everything, also a last line without an end.
    public var text: String {
        lines.map { $0 + "\n" }.joined() + String(decoding: unfinished, as: UTF8.self)
    }

    /// The first line with `part` in it from line `start` on, as soon as it is there.
    public func line(containing part: String, from start: Int = 0) async throws -> String {
        var found: String?
        try await changes.wait(for: "a line with \"\(part)\" in:\n\(text)") {
            found = lines.dropFirst(start).first { $0.contains(part) }
            if found == nil, hasEnded {
                throw OutputEnded(part: part, text: text)
            }
            return found != nil
        }
        return found ?? ""
    }

    public func end() async throws { try await changes.wait(for: "the end of the output") { hasEnded } }

    public func socketReadable() {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        switch buffer.withUnsafeMutableBytes({ socket.read(into: $0) }) {
        case .bytes(let count): take(buffer[0..<count])
        case .wouldBlock: return
        case .end, .failed:
            hasEnded = true
            socket.close()
        }
        changes.notify()
    }

    private func take(_ bytes: ArraySlice<UInt8>) {
        unfinished += bytes
        while let end = unfinished.firstIndex(of: 10) {
            lines.append(String(decoding: unfinished[..<end], as: UTF8.self))
            unfinished.removeFirst(end + 1)
        }
    }

    public func socketWritable() {}
    public func socketPeerFinished() {}
    public func socketFailed() { socketReadable() }
}

/// A program ended without the line that a test waited for.
public struct OutputEnded: Error, CustomStringConvertible {
    let part: String
    let text: String

    public var description: String { "the program ended without a line with \"\(part)\"; it wrote:\n\(text)" }
}
