// One connection of a client: a request goes out, its answer comes in, strictly one after the other.
internal import EdgeLoop

@LoopActor
final class HTTPClientConnection: SocketHandler, HTTPBodySource {
    private enum Phase { case idle, head, body, closed }

    private let socket: Socket
    private let outbox: HTTPOutbox
    private weak var client: HTTPClient?
    private let limits: HTTPClient.Limits
    private var phase = Phase.idle
    private let head = HTTPHead()
    private var pending: [UInt8] = []
    /// Called once with the present answer, or with why there is none.
    private var waiter: (@LoopActor (Result<HTTPAnswer, any Error>) -> Void)?
    private var decoder = HTTPBodyDecoder(.none, trailerBytesMax: 0)
    private weak var reader: HTTPBodyReader?
    private var isToHead = false
    private var interimAnswers = 0
    /// Whether a byte of the present answer has come.
    private var hasAnswer = false
    private var keepsAlive = true
    private var requestSent = true
    private var pump: Task<Void, Never>?
    /// Which request this is: what was meant for an earlier one must not hit a later one.
    private var exchangeNumber = 0

    init(_ socket: Socket, client: HTTPClient) {
        self.socket = socket
        self.client = client
        limits = client.limits
        outbox = HTTPOutbox(socket)
        socket.handler = self
        socket.interest = .read
    }

    var isIdle: Bool { phase == .idle }

    /// Sends a request and waits for the head of its answer.
    func exchange(_ request: HTTPClientRequest, host: String) async throws -> HTTPAnswer {
        guard isIdle else { throw HTTPClientError.closedBeforeAnswer }
        let number = reserve(for: request)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // It may have closed since it was taken from the pool.
                guard phase == .head else { return continuation.resume(throwing: HTTPClientError.closedBeforeAnswer) }
                waiter = { continuation.resume(with: $0) }
                if Task.isCancelled { fail(CancellationError()) } else { send(request, host: host) }
            }
        } onCancel: {
            Task { @LoopActor in self.end(number, CancellationError()) }
        }
    }

    /// Sends a request, and calls `answered` with the head of its answer.
    func begin(
        _ request: HTTPClientRequest,
        host: String,
        _ answered: @escaping @LoopActor (Result<HTTPAnswer, any Error>) -> Void
    ) -> HTTPClientCall {
        precondition(isIdle, "a connection carries one request at a time")
        let number = reserve(for: request)
        waiter = answered
        send(request, host: host)
        return HTTPClientCall(connection: self, number: number)
    }

    private func reserve(for request: HTTPClientRequest) -> Int {
        exchangeNumber += 1
        phase = .head
        isToHead = request.method == "HEAD"
        interimAnswers = 0
        hasAnswer = false
        keepsAlive = true
        head.reset()
        return exchangeNumber
    }

    /// Ends one request, if it still runs.
    func end(_ number: Int, _ error: any Error) {
        if exchangeNumber == number, !isIdle { fail(error) }
    }

    /// Closes without an error: nobody waits for anything.
    func close() { fail(HTTPClientError.closed) }

    // MARK: Sending

    private func send(_ request: HTTPClientRequest, host: String) {
        requestSent = true
        HTTPBuffers.withScratch { bytes in
            bytes.append(head: request, host: host)
            bytes.withUnsafeBytes { head in
                if case .bytes(let body) = request.body { outbox.send(head, body) } else { outbox.send(head) }
            }
        }
        guard case .reader(let source, let length) = request.body else { return }
        requestSent = false
        pump = Task(executorPreference: LoopActor.tasks) { await self.pump(source, length: length) }
    }

    private func pump(_ source: HTTPBodyReader, length: Int?) async {
        do {
            try await stream(source, length: length)
            requestSent = true
        } catch {
            // A server may answer without reading on: then only the connection is of no further use.
            keepsAlive = false
            source.cancel()
            if !outbox.hasFailed { fail(error) }
        }
    }

    private func stream(_ source: HTTPBodyReader, length: Int?) async throws {
        var written = 0
        while let part = try await source.next() {
            written += part.count
            if let length, written > length { throw HTTPLengthMismatch(declared: length, written: written) }
            if length == nil {
                HTTPBuffers.withScratch { bytes in
                    bytes.append(hexadecimal: part.count)
                    bytes.append("\r\n")
                    bytes += part
                    bytes.append("\r\n")
                    bytes.withUnsafeBytes(outbox.send)
                }
            } else {
                part.withUnsafeBytes(outbox.send)
            }
            if outbox.hasFailed { throw HTTPBodyError.closed }
            if outbox.isCongested { try await outbox.drained() }
        }
        if let length, written < length { throw HTTPLengthMismatch(declared: length, written: written) }
        if length == nil { outbox.send("0\r\n\r\n") }
    }

    // MARK: Receiving

    func socketReadable() {
        // Of a body no more than its reader takes now: with many answers at once, what is held is memory. The rest stays at the sender.
        let room = phase == .body ? reader?.room ?? 0 : HTTPBuffers.receiveBytes
        guard room > 0 else {
            socket.interest.remove(.read)
            return
        }
        switch socket.read(into: UnsafeMutableRawBufferPointer(rebasing: HTTPBuffers.receive[..<room])) {
        case .bytes(let count): received(Bytes(rebasing: Bytes(HTTPBuffers.receive)[..<count]))
        case .wouldBlock: return
        case .end: ended()
        case .failed: fail(brokenError)
        }
    }

    func socketWritable() { outbox.flush() }

    func socketPeerFinished() {}

    func socketFailed() {
        // What had arrived before the connection broke can still be read, and may be a whole answer.
        while phase == .head || phase == .body {
            guard case .bytes(let count) = socket.read(into: HTTPBuffers.receive) else { break }
            received(Bytes(rebasing: Bytes(HTTPBuffers.receive)[..<count]))
        }
        fail(brokenError)
    }

    private var brokenError: any Error {
        if phase == .body { return HTTPBodyError.truncated }
        return hasAnswer ? HTTPClientError.truncatedHead : HTTPClientError.closedBeforeAnswer
    }

    private func received(_ bytes: Bytes) {
        switch phase {
        case .idle: fail(HTTPClientError.closed)  // nobody asked for it
        case .head:
            hasAnswer = true
            if pending.isEmpty {
                receiveHead(bytes)
            } else {
                pending += bytes
                let all = pending
                pending = []
                all.withUnsafeBytes { receiveHead($0) }
            }
        case .body: receiveBody(bytes, from: 0)
        case .closed: return
        }
    }

    private func receiveHead(_ bytes: Bytes) {
        var start = 0
        do throws(HTTPRefusal) {
            while true {
                let rest = bytes.part(start..<bytes.count)
                let outcome = try head.parseResponse(rest, limit: limits.headBytes, toHead: isToHead)
                guard case .complete(let end) = outcome else {
                    pending = Array(rest)
                    return
                }
                if head.status == 101 { throw .malformed("101 although no other protocol was asked for") }
                if head.status >= 200 { return take(rest, bodyStart: end) }
                interimAnswers += 1
                if interimAnswers > limits.interimAnswers { throw .malformed("too many interim answers") }
                head.reset()
                start += end
            }
        } catch {
            fail(HTTPClientError.malformedAnswer(error.reason))
        }
    }

    private func take(_ bytes: Bytes, bodyStart: Int) {
        let length: Int? =
            switch head.body {
            case .none: 0
            case .length(let length): length
            case .chunked, .untilClose: nil
            }
        let isWhole = length == bytes.count - bodyStart
        let reader =
            isWhole
            ? HTTPBodyReader(Array(bytes.part(bodyStart..<bytes.count))) : HTTPBodyReader(length: length, source: self)
        let answer = HTTPAnswer(
            status: head.status,
            headers: HTTPHeaders(head.fields, in: bytes),
            body: reader,
            hasNoBody: isToHead || head.status == 204 || head.status == 304
        )
        keepsAlive = keepsAlive && head.keepsAlive && head.body != .untilClose
        let waiter = waiter
        self.waiter = nil
        if isWhole {
            finish()
        } else {
            self.reader = reader
            decoder = HTTPBodyDecoder(head.body, trailerBytesMax: limits.headBytes)
            phase = .body
            receiveBody(bytes, from: bodyStart)
        }
        waiter?(.success(answer))  // last: it may begin the next request right here
    }

    private func receiveBody(_ bytes: Bytes, from start: Int) {
        var index = start
        do throws(HTTPRefusal) {
            while true {
                switch try decoder.next(bytes, at: &index) {
                case .incomplete:
                    if reader?.isFull ?? true { socket.interest.remove(.read) }
                    return
                case .data(let range): reader?.push(bytes.part(range))
                case .finished:
                    if index < bytes.count { keepsAlive = false }
                    return finish()
                }
            }
        } catch {
            fail(HTTPBodyError.malformed(error.reason))
        }
    }

    private func ended() {
        if phase == .body, decoder.endsAtClose {
            keepsAlive = false
            finish()
        } else {
            fail(brokenError)
        }
    }

    func bodyIsWanted() {
        if phase == .body { socket.interest.insert(.read) }
    }

    func bodyIsAbandoned() {
        if phase == .body { fail(HTTPBodyError.closed) }
    }

    // MARK: Ending

    /// The answer is complete.
    private func finish() {
        reader?.finish()
        reader = nil
        phase = .idle
        socket.interest.insert(.read)
        // An answer before the end of the request: whether the rest is read is unknown.
        if !requestSent { keepsAlive = false }
        released()
    }

    private func released() {
        guard keepsAlive, outbox.isEmpty, !outbox.hasFailed, let client else { return close() }
        pump = nil
        client.release(self)
    }

    private func fail(_ error: any Error) {
        guard phase != .closed else { return }
        phase = .closed
        pump?.cancel()
        outbox.fail()
        socket.close()
        reader?.fail(error)
        reader = nil
        let waiter = waiter
        self.waiter = nil
        client?.remove(self)
        waiter?(.failure(error))
    }
}

extension [UInt8] {
    fileprivate mutating func append(head request: HTTPClientRequest, host: String) {
        append(utf8Of: request.method)
        append(" ")
        append(utf8Of: request.target)
        append(" HTTP/1.1\r\n")
        if !request.headers.contains("host") {
            append("Host: ")
            append(utf8Of: host)
            append("\r\n")
        }
        append(request.headers)
        let length: Int? =
            switch request.body {
            case .empty: request.method == "GET" || request.method == "HEAD" ? nil : 0
            case .bytes(let bytes): bytes.count
            case .reader(_, let length): length
            }
        if let length {
            append("Content-Length: ")
            append(decimal: length)
            append("\r\n")
        } else if case .reader = request.body {
            append("Transfer-Encoding: chunked\r\n")
        }
        append("\r\n")
    }
}
