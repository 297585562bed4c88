// Handing requests on: the task of a request, its body, and what ends it early.
internal import EdgeLoop

extension HTTPConnection: HTTPBodySource {
    /// Begins a request whose body is still on its way.
    func begin(_ head: HTTPHead, in bytes: Bytes, end: Int) {
        let outline = outline(head, in: bytes)
        if let refusal = refusalOfBody(head, of: outline) { return refuse(refusal, to: outline) }
        let exchange = HTTPExchange(
            head,
            isHead: outline.method == "HEAD",
            bodyLimit: server.handler.bodyLimit(method: outline.method, path: outline.path),
            bodyDone: false,
            trailerBytesMax: limits.headBytes
        )
        let reader = HTTPBodyReader(length: exchange.declaredLength, source: self)
        exchange.reader = reader
        exchange.outline = outline
        var request = outline
        request.body = reader
        start(request, exchange)
    }

    /// Begins a request that is complete.
    func begin(_ head: HTTPHead, in bytes: Bytes, whole body: Bytes) {
        let reader = body.isEmpty ? .empty : HTTPBodyReader(Array(body))
        let request = HTTPRequest(head, in: bytes, body: reader, peer: socket.peer)
        if let refusal = refusalOfBody(head, of: request) { return refuse(refusal, to: outline(head, in: bytes)) }
        let exchange = HTTPExchange(
            head,
            isHead: request.method == "HEAD",
            bodyLimit: body.count,
            bodyDone: true,
            trailerBytesMax: limits.headBytes
        )
        start(request, exchange)
    }

    private func start(_ request: HTTPRequest, _ exchange: HTTPExchange) {
        phase = .handling
        deadline = 0
        self.exchange = exchange
        if exchange.bodyDone, server.handler.take(request, HTTPReply(exchange, on: self)) { return }
        exchange.task = Task(executorPreference: LoopActor.tasks) { await self.run(request, exchange) }
    }

    private func run(_ request: HTTPRequest, _ exchange: HTTPExchange) async {
        let response = await server.handler.answer(request)
        if !respondAtOnce(response, to: exchange) { await respond(response, to: exchange) }
        response.afterwards?()
    }

    /// Why a request cannot be handed on, as far as its head tells.
    func refusalOfBody(_ head: HTTPHead, in bytes: Bytes) -> HTTPRefusal? {
        refusalOfBody(head, of: outline(head, in: bytes))
    }

    private func refusalOfBody(_ head: HTTPHead, of request: HTTPRequest) -> HTTPRefusal? {
        if let parts = head.targetParts, parts.form == .authority {
            return HTTPRefusal(status: 501, reason: "this server opens no tunnels")
        }
        guard case .length(let length) = head.body else { return nil }
        let limit = server.handler.bodyLimit(method: request.method, path: request.path)
        return length > limit ? tooLarge(limit) : nil
    }

    private func tooLarge(_ limit: Int) -> HTTPRefusal {
        HTTPRefusal(status: 413, reason: "the body is larger than the \(limit) bytes that are allowed here")
    }

    /// Takes what belongs to the body of the present request, and tells how many bytes that were.
    func receiveBody(_ bytes: Bytes, _ exchange: HTTPExchange) -> Int {
        var index = 0
        while true {
            let step: HTTPBodyDecoder.Step
            do throws(HTTPRefusal) {
                step = try exchange.decoder.next(bytes, at: &index)
            } catch {
                if phase == .skipping { drop() } else { refuseMeanwhile(error, HTTPBodyError.malformed(error.reason)) }
                return bytes.count
            }
            switch step {
            case .incomplete:
                if bytes.isEmpty { return 0 }
                deadline = HTTPBuffers.now + limits.bodyIdle.wholeMilliseconds
                if phase == .handling, exchange.reader?.isFull ?? true { pauseBody() }
                return index
            case .data(let range):
                exchange.bodyBytes += range.count
                exchange.expectsContinue = false
                if phase == .skipping {
                    guard exchange.bodyBytes <= exchange.bodyLimit + limits.skippedBytes else {
                        drop()
                        return bytes.count
                    }
                } else if exchange.bodyBytes > exchange.bodyLimit {
                    refuseMeanwhile(tooLarge(exchange.bodyLimit), HTTPBodyError.tooLarge(limit: exchange.bodyLimit))
                    return bytes.count
                } else {
                    exchange.reader?.push(bytes.part(range))
                }
            case .finished:
                exchange.bodyDone = true
                deadline = 0
                exchange.reader?.finish()
                if phase == .skipping { becomeIdle() }
                return index
            }
        }
    }

    private func pauseBody() {
        deadline = 0
        pauseReading()
    }

    func bodyIsWanted() {
        guard phase == .handling, let exchange, !exchange.bodyDone else { return }
        if exchange.expectsContinue, !exchange.answerStarted {
            exchange.expectsContinue = false
            outbox.send("HTTP/1.1 100 Continue\r\n\r\n")
        }
        resumeReading()
        deadline = HTTPBuffers.now + limits.bodyIdle.wholeMilliseconds
    }

    func bodyIsAbandoned() {
        guard phase == .handling, let exchange, !exchange.bodyDone else { return }
        pauseBody()
    }

    /// Refuses a request whose handler runs already: its task ends, and its answer, if it has begun, is cut.
    func refuseMeanwhile(_ refusal: HTTPRefusal, _ error: HTTPBodyError) {
        guard let exchange else { return }
        exchange.cancel()
        exchange.reader?.fail(error)
        guard !exchange.answerStarted else { return drop() }
        let outline = exchange.outline
        self.exchange = nil
        refuse(refusal, to: outline)
    }

    /// The answer of `exchange` has been given to the outbox in full.
    func finish(_ exchange: HTTPExchange) {
        departure = nil
        guard !outbox.hasFailed else { return drop() }
        guard exchange.keepsAlive else {
            return close(lingering: !pending.isEmpty || !exchange.bodyDone)
        }
        guard exchange.bodyDone else {
            phase = .skipping
            deadline = HTTPBuffers.now + limits.bodyIdle.wholeMilliseconds
            resumeReading()
            return
        }
        becomeIdle()
        proceed()
    }

    private func becomeIdle() {
        exchange = nil
        phase = .waiting
        deadline = HTTPBuffers.now + limits.keepAliveIdle.wholeMilliseconds
    }

    /// Begins to find out whether a client that sends no more still reads.
    func watchDeparture() {
        guard phase == .handling, departure == nil else { return }
        departure = DepartureWatch(self)
    }
}

extension HTTPOutbox {
    func send(_ text: StaticString) {
        send(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
