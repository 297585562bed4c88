// Sending answers: heads, whole bodies, streams.
internal import EdgeLoop

extension HTTPConnection {
    /// Sends the answer of the fast path.
    /// - Parameter hasMore: whether bytes of a further request are at hand.
    func send(_ canned: HTTPCannedResponse, to head: HTTPHead, isHead: Bool, hasMore: Bool) {
        let keepsAlive = head.keepsAlive && !server.isDraining
        if hasMore { outbox.cork() }
        HTTPBuffers.withScratch { bytes in
            canned.appendHead(
                to: &bytes,
                date: HTTPBuffers.date,
                connection: HTTPConnectionField(keepsAlive: keepsAlive, minorVersion: head.minorVersion)
            )
            switch canned.body {
            case _ where isHead: bytes.withUnsafeBytes(outbox.send)
            case .bytes(let body): bytes.withUnsafeBytes { outbox.send($0, body) }
            case .file(let region): bytes.withUnsafeBytes { outbox.send($0, region) }
            }
        }
        if outbox.hasFailed { return drop() }
        if keepsAlive {
            deadline = HTTPBuffers.now + limits.keepAliveIdle.wholeMilliseconds
        } else {
            close(lingering: hasMore)
        }
    }

    /// Sends a handler's answer, and returns when it has been given to the outbox in full.
    func respond(_ response: HTTPResponse, to exchange: HTTPExchange) async {
        if respondAtOnce(response, to: exchange) { return }
        switch response.body {
        case .empty, .bytes, .file: return
        case .reader(let reader, let length):
            await stream(response, length: length, exchange) { writer in
                while let part = try await reader.next() { try await writer.write(part) }
            }
        case .stream(let length, let produce):
            await stream(response, length: length, exchange, produce)
        }
    }

    /// Sends a handler's answer unless its body has to be waited for: then false.
    func respondAtOnce(_ response: HTTPResponse, to exchange: HTTPExchange) -> Bool {
        guard isCurrent(exchange) else { return true }  // nobody waits for it
        exchange.answerStarted = true
        if server.isDraining || response.headers.hasMember("close", in: "connection")
            || !exchange.canSkipRest(upTo: limits.skippedBytes)
        {
            exchange.keepsAlive = false
        }
        switch response.body {
        case .empty: sendWhole(response, .bytes([]), count: 0, exchange)
        case .bytes(let bytes): sendWhole(response, .bytes(bytes), count: bytes.count, exchange)
        case .file(let region): sendWhole(response, .file(region), count: region.count, exchange)
        case .reader(let reader, _) where reader.isFinished:
            let bytes = reader.takeReady() ?? []
            sendWhole(response, .bytes(bytes), count: bytes.count, exchange)
        case .reader, .stream: return false
        }
        return true
    }

    /// Sends an answer of the server's own, after which the connection closes. It cannot wait, so it has no stream.
    func sendLast(_ response: HTTPResponse, isHead: Bool) {
        let body: [UInt8] = if case .bytes(let bytes) = response.body { bytes } else { [] }
        HTTPBuffers.withScratch { bytes in
            bytes.append(
                head: response,
                framing: .length(body.count),
                connection: .close,
                isHead: isHead,
                date: HTTPBuffers.date
            )
            bytes.withUnsafeBytes { outbox.send($0, isHead || response.hasNoBody ? [] : body) }
        }
    }

    private func sendWhole(
        _ response: HTTPResponse,
        _ body: HTTPCannedResponse.Body,
        count: Int,
        _ exchange: HTTPExchange
    ) {
        HTTPBuffers.withScratch { bytes in
            bytes.append(
                head: response,
                framing: .length(count),
                connection: HTTPConnectionField(keepsAlive: exchange.keepsAlive, minorVersion: exchange.minorVersion),
                isHead: exchange.isHead,
                date: HTTPBuffers.date
            )
            switch body {
            case _ where exchange.isHead || response.hasNoBody: bytes.withUnsafeBytes(outbox.send)
            case .bytes(let body): bytes.withUnsafeBytes { outbox.send($0, body) }
            case .file(let region): bytes.withUnsafeBytes { outbox.send($0, region) }
            }
        }
        finish(exchange)
    }

    private func stream(
        _ response: HTTPResponse,
        length: Int?,
        _ exchange: HTTPExchange,
        _ produce: @LoopActor @Sendable (HTTPBodyWriter) async throws -> Void
    ) async {
        let stream = HTTPResponseStream(response, length: length, on: self, exchange)
        if exchange.isHead || response.hasNoBody {
            try? stream.flushHead()
            return finish(exchange)
        }
        // Runs when `produce` first waits: a head without a first part must not wait with it.
        Task { @LoopActor in try? stream.flushHead() }
        do {
            try await produce(HTTPBodyWriter(stream))
            try stream.finish()
        } catch {
            guard isCurrent(exchange) else { return }
            // Once begun, it is cut, so that nobody takes the part for the whole.
            if stream.headSent { return drop() }
            self.exchange = nil
            return refuse(HTTPRefusal(status: 500, reason: "the answer could not be made"), to: exchange.outline)
        }
        if isCurrent(exchange) { finish(exchange) }
    }

    func isCurrent(_ exchange: HTTPExchange) -> Bool { phase == .handling && self.exchange === exchange }
}

extension HTTPResponse {
    /// Statuses whose answers end with their head.
    var hasNoBody: Bool { status == 204 || status == 304 }
}

/// How the length of an answer is told.
enum HTTPAnswerFraming {
    case length(Int)
    case chunked
    case untilClose
}

extension [UInt8] {
    /// A whole head, with Date unless the handler forwards one.
    mutating func append(
        head response: HTTPResponse,
        framing: HTTPAnswerFraming,
        connection: HTTPConnectionField,
        isHead: Bool,
        date: [UInt8]
    ) {
        append(statusLine: (200...999).contains(response.status) ? response.status : 500)
        // Only an answer to HEAD can tell a length that its body does not have.
        let keepsLength = isHead && response.body.isEmpty && response.headers.contains("content-length")
        append(response.headers, keepsLength: keepsLength)
        if !response.headers.contains("date") {
            append("Date: ")
            self += date
            append("\r\n")
        }
        switch framing {
        case .length(let count) where !keepsLength && !response.hasNoBody:
            append("Content-Length: ")
            append(decimal: count)
            append("\r\n")
        case .chunked where !response.hasNoBody: append("Transfer-Encoding: chunked\r\n")
        case .length, .chunked, .untilClose: break
        }
        append(connection.line)
        append("\r\n")
    }
}

extension HTTPResponse.Body {
    fileprivate var isEmpty: Bool {
        if case .empty = self { return true }
        return false
    }
}
