// One connection of a scripted upstream: reads requests, takes the steps of their answers.
internal import EdgeLoop

@LoopActor
final class ScriptedConnection: SocketHandler {
    private let socket: Socket
    private let number: Int
    private weak var server: ScriptedUpstream?
    private var parser = ScriptedRequestParser()
    private var isAnswering = false
    private var isEnded = false
    private var unsent: ArraySlice<UInt8> = []
    private var writeWaiter: CheckedContinuation<Void, Never>?

    init(_ socket: Socket, _ number: Int, _ server: ScriptedUpstream) {
        self.socket = socket
        self.number = number
        self.server = server
        socket.handler = self
        socket.interest = [.read]
    }

    func socketReadable() {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        switch buffer.withUnsafeMutableBytes({ socket.read(into: $0) }) {
        case .bytes(let count):
            parser.take(buffer[0..<count])
            answerNext()
        case .wouldBlock: break
        case .end, .failed: end(reset: false)
        }
    }

    func socketWritable() {
        let result = unsent.withUnsafeBytes { socket.write($0) }
        switch result {
        case .bytes(let count): unsent = unsent.dropFirst(count)
        case .failed, .end: return end(reset: false)
        case .wouldBlock: return
        }
        if unsent.isEmpty {
            socket.interest.remove(.write)
            writeWaiter?.resume()
            writeWaiter = nil
        }
    }

    func socketPeerFinished() {}
    func socketFailed() { end(reset: false) }

    private func answerNext() {
        guard !isAnswering, !isEnded else { return }
        guard let server, var request = parser.next() else {
            if parser.takesContinue() { queue(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
            return
        }
        request.connection = number
        isAnswering = true
        let answer = server.received(request)
        Task { @LoopActor in
            for step in answer.steps where !isEnded { await take(step) }
            isAnswering = answer.steps.isEmpty  // after silence no other request is answered here either
            answerNext()
        }
    }

    private func take(_ step: ScriptedAnswer.Step) async {
        switch step {
        case .send(let bytes):
            queue(bytes)
            if !unsent.isEmpty { await withCheckedContinuation { writeWaiter = $0 } }
        case .wait(let gate): await gate.wait()
        case .pause(let time): try? await sleep(for: time)
        case .close: end(reset: false)
        case .reset: end(reset: true)
        }
    }

    private func queue(_ bytes: [UInt8]) {
        unsent += bytes
        socket.interest.insert(.write)
    }

    func end(reset: Bool) {
        guard !isEnded else { return }
        isEnded = true
        if reset { socket.resetOnClose() }
        socket.close()
        writeWaiter?.resume()
        writeWaiter = nil
        server?.ended(number)
    }
}
