// One connection of a server: a state machine that the loop drives by readiness.
internal import EdgeLoop

/// Receives requests, hands them on one at a time, and sends their answers in order.
@LoopActor
final class HTTPConnection: SocketHandler {
    enum Phase {
        /// Between requests, or with a part of one.
        case waiting
        /// A handler's task runs.
        case handling
        /// Answered; the unread rest of the request's body is thrown away.
        case skipping
        /// The last answer is being sent.
        case closing
        /// It has been sent; what still arrives is thrown away until the client closes.
        case lingering
        case closed
    }

    let socket: Socket
    let outbox: HTTPOutbox
    let server: HTTPServer
    /// Its place in the server's list.
    var slot: Int
    var phase = Phase.waiting
    /// Received and not yet understood or not yet due.
    var pending: [UInt8] = []
    /// The head of the request in `pending`, as far as it was read.
    private var partial: HTTPHead?
    /// Where the body of that request begins, once its head is complete and its small body is still on its way.
    private var partialEnd: Int?
    var exchange: HTTPExchange?
    /// When the present wait is over, by ``HTTPBuffers/now``; 0: never. While idle, it orders connections by age.
    var deadline: Int64 = 0
    /// All that the client sends has been read.
    var sawEnd = false
    /// The client has sent its last byte, which may not have been read.
    var peerFinished = false
    private var isPaused = false
    private var lingers = false
    private var discarded = 0
    var departure: DepartureWatch?

    init(_ socket: Socket, server: HTTPServer, slot: Int) {
        self.socket = socket
        self.server = server
        self.slot = slot
        outbox = HTTPOutbox(socket)
    }

    var limits: HTTPLimits { server.limits }
    var isIdle: Bool { phase == .waiting && pending.isEmpty && outbox.isEmpty }
    var isBusy: Bool { !isIdle && phase != .lingering && phase != .closed }

    func open() {
        deadline = HTTPBuffers.now + limits.keepAliveIdle.wholeMilliseconds
        socket.handler = self
        socket.interest = .read
    }

    /// Closes at once, whatever is on its way. The request's task is cancelled.
    func drop() {
        guard phase != .closed else { return }
        phase = .closed
        departure = nil
        outbox.fail()
        socket.close()
        exchange?.cancel()
        exchange?.reader?.fail(HTTPBodyError.truncated)
        exchange = nil
        server.remove(self)
    }

    // MARK: Readiness

    func socketReadable() {
        switch socket.read(into: HTTPBuffers.receive) {
        case .bytes(let count): received(Bytes(rebasing: Bytes(HTTPBuffers.receive)[..<count]))
        case .wouldBlock: return
        case .end:
            sawEnd = true
            peerFinished = true
            socket.interest.remove(.read)
            ended()
        case .failed: drop()
        }
    }

    func socketWritable() {
        outbox.flush()
        if outbox.hasFailed { return drop() }
        guard outbox.isEmpty else { return }
        switch phase {
        case .closing: closeWhenSent()
        case .waiting: proceed()
        case .handling, .skipping, .lingering, .closed: return
        }
    }

    func socketPeerFinished() {
        peerFinished = true
        watchDeparture()
    }

    func socketFailed() { drop() }

    /// Called with the server's clock, now and then.
    func sweep(_ now: Int64) {
        if !outbox.isEmpty, now - outbox.lastProgress > limits.writeIdle.wholeMilliseconds { return drop() }
        guard deadline > 0, now >= deadline else { return }
        switch phase {
        case .waiting where isIdle: drop()
        case .waiting where partialEnd != nil:
            refuse(HTTPRefusal(status: 408, reason: "no byte of the body came for \(limits.bodyIdle)"), to: outline())
        case .waiting where outbox.isEmpty:
            refuse(HTTPRefusal(status: 408, reason: "the request's head did not come within \(limits.headTime)"))
        case .handling:
            refuseMeanwhile(
                HTTPRefusal(status: 408, reason: "no byte of the body came for \(limits.bodyIdle)"),
                HTTPBodyError.timeout
            )
        case .skipping, .lingering: drop()
        case .waiting, .closing, .closed: return
        }
    }

    // MARK: Receiving

    private func received(_ bytes: Bytes) {
        switch phase {
        case .waiting:
            if pending.isEmpty {
                let used = advance(bytes)
                if phase != .closed, used < bytes.count { pending = Array(bytes.part(used..<bytes.count)) }
            } else {
                pending += bytes
                advancePending()
            }
            if phase == .waiting, outbox.isEmpty, partialEnd == nil { break }
            pauseWhenFull()
        case .handling, .skipping:
            guard let exchange else { return }
            if !exchange.bodyDone {
                let used = receiveBody(bytes, exchange)
                if used < bytes.count, phase == .handling || phase == .waiting {
                    pending += bytes.part(used..<bytes.count)
                    advancePending()
                }
            } else {
                pending += bytes
                pauseWhenFull()
            }
        case .closing, .lingering:
            discarded += bytes.count
            if discarded > limits.lingerBytes { drop() }
        case .closed: return
        }
    }

    private func pauseWhenFull() {
        let isWaitingForBody = partialEnd != nil
        if !isWaitingForBody, pending.count >= limits.pipelineBytes { pauseReading() }
    }

    func pauseReading() {
        guard !isPaused, !sawEnd else { return }
        isPaused = true
        var interest = socket.interest
        interest.remove(.read)
        if !peerFinished { interest.insert(.peerFinished) }
        socket.interest = interest
    }

    func resumeReading() {
        guard isPaused, !sawEnd else { return }
        isPaused = false
        var interest = socket.interest
        interest.insert(.read)
        interest.remove(.peerFinished)
        socket.interest = interest
    }

    /// The client sends no more, and all that it sent has been read.
    private func ended() {
        switch phase {
        case .waiting where !outbox.isEmpty: return  // sent first; then `proceed` comes back here
        case .waiting where pending.isEmpty: drop()
        case .waiting: refuse(.malformed("the request ended before its end"))
        case .handling:
            guard let exchange, !exchange.bodyDone else { return watchDeparture() }
            refuseMeanwhile(.malformed("the request's body ended before its end"), HTTPBodyError.truncated)
        case .skipping, .lingering: drop()
        case .closing, .closed: return
        }
    }

    /// Goes on with what waits, after an answer or a pause.
    func proceed() {
        guard phase == .waiting, outbox.isEmpty else { return }
        advancePending()
        guard phase == .waiting else { return }
        if pending.count < limits.pipelineBytes || partial != nil { resumeReading() }
        guard outbox.isEmpty else { return }
        if sawEnd { return ended() }
        if isIdle, server.isDraining { drop() }
    }

    private func advancePending() {
        guard phase == .waiting, !pending.isEmpty else { return }
        // Taken out meanwhile: what is handed on must see the connection without it.
        let bytes = pending
        pending = []
        let used = bytes.withUnsafeBytes { advance($0) }
        guard phase != .closed else { return }
        if used == 0 {
            pending = bytes
        } else if used < bytes.count {
            pending = Array(bytes[used...])
        }
    }

    /// Takes as many requests as are complete and may be begun, and tells how many bytes they had.
    private func advance(_ bytes: Bytes) -> Int {
        var used = 0
        defer { outbox.uncork() }
        while phase == .waiting, outbox.isEmpty, used < bytes.count {
            let rest = bytes.part(used..<bytes.count)
            let head = partial ?? server.head
            let end: Int
            if let known = partialEnd {
                end = known
            } else {
                do throws(HTTPRefusal) {
                    guard case .complete(let position) = try head.parseRequest(rest, limit: limits.headBytes) else {
                        keep(head, since: limits.headTime)
                        return used
                    }
                    end = position
                } catch {
                    forget(head)
                    refuse(error)
                    return bytes.count
                }
            }
            guard let taken = take(head, in: rest, end: end) else { return used }
            forget(head)
            used += taken
            if phase == .handling, let exchange, !exchange.bodyDone {
                used += receiveBody(bytes.part(used..<bytes.count), exchange)
            }
        }
        return used
    }

    /// Keeps the progress of a head whose rest has not come.
    private func keep(_ head: HTTPHead, since limit: Duration) {
        guard partial == nil else { return }
        partial = head
        server.head = HTTPHead()
        deadline = HTTPBuffers.now + limit.wholeMilliseconds
    }

    private func forget(_ head: HTTPHead) {
        head.reset()
        partial = nil
        partialEnd = nil
    }

    /// Begins the request at the start of `bytes`, and tells how many bytes of them it has; nil when its small body is incomplete.
    private func take(_ head: HTTPHead, in bytes: Bytes, end: Int) -> Int? {
        var bodyEnd: Int?
        switch head.body {
        case .none: bodyEnd = end
        case .length(let length) where length <= limits.recallBodyBytes && !head.expectsContinue:
            bodyEnd = end + length
        case .length(let length) where length <= bytes.count - end: bodyEnd = end + length
        case .length, .chunked, .untilClose: break
        }
        guard let bodyEnd else {
            begin(head, in: bytes, end: end)
            return end
        }
        if bodyEnd > bytes.count {
            if partialEnd == nil, let refusal = refusalOfBody(head, in: bytes) {
                refuse(refusal, to: outline(head, in: bytes))
                return bytes.count
            }
            keep(head, since: limits.bodyIdle)
            partialEnd = end
            deadline = HTTPBuffers.now + limits.bodyIdle.wholeMilliseconds
            return nil
        }
        let body = bytes.part(end..<bodyEnd)
        if body.count <= limits.recallBodyBytes,
            let canned = server.handler.recall(HTTPRequestView(head, in: bytes, body: body))
        {
            send(canned, to: head, isHead: bytes.part(head.method).equals("HEAD"), hasMore: bodyEnd < bytes.count)
        } else {
            begin(head, in: bytes, whole: body)
        }
        return bodyEnd
    }

    /// Ends the connection after an answer of the server's own.
    func refuse(_ refusal: HTTPRefusal, to request: HTTPRequest? = nil) {
        let response = server.handler.refuse(refusal, to: request)
        partial = nil
        partialEnd = nil
        pending = []
        sendLast(response, isHead: request?.method == "HEAD")
        close(lingering: true)
    }

    // MARK: Ending

    /// Closes when all is sent; `lingering`: when the client may still be sending, whose unread bytes would reset the answer.
    func close(lingering: Bool) {
        exchange = nil
        departure = nil
        outbox.uncork()
        guard !outbox.hasFailed else { return drop() }
        phase = .closing
        lingers = lingering && !sawEnd
        resumeReading()
        if outbox.isEmpty { closeWhenSent() }
    }

    private func closeWhenSent() {
        guard lingers, !sawEnd else { return drop() }
        socket.shutdownWrite()
        phase = .lingering
        deadline = HTTPBuffers.now + limits.lingerTime.wholeMilliseconds
        server.noteRest()
    }

    /// The request that waits in `pending` for its body, for a refusal.
    private func outline() -> HTTPRequest? {
        guard let partial else { return nil }
        return pending.withUnsafeBytes { outline(partial, in: $0) }
    }

    func outline(_ head: HTTPHead, in bytes: Bytes) -> HTTPRequest {
        HTTPRequest(head, in: bytes, body: HTTPBodyReader(), peer: socket.peer)
    }
}

extension Duration {
    /// At least 1: a deadline of 0 means none.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
