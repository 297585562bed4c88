// One request on its way and its answer on the way back: what curl tells, turned into awaited results.
internal import CCurl
internal import EdgeLoop

/// A hop of a call. curl's notes arrive in `receivedHeader`, `received`, `fill`, `connected`; its caller awaits `head` and `next`.
@LoopActor
final class Transfer {
    private typealias HeadWaiter = CheckedContinuation<Result<AnswerHead, UpstreamError>, Never>
    private typealias BodyWaiter = CheckedContinuation<Result<[UInt8]?, UpstreamError>, Never>
    enum Receipt { case taken, later, abort }
    private enum Phase { case connecting, sending, awaiting, receiving, ended }

    private let handle: CurlHandle
    private let multi: CurlMulti
    private let hop: Hop
    private var phase = Phase.connecting
    private let clock: TransferClock
    private var answer = AnswerHead()
    /// Nil where there is no body, or one that goes out with the head.
    private var upload: RequestBody?
    private var pulling: Task<Void, Never>?
    private var isSendPaused = false
    private var isReceivePaused = false
    private var mayHaveBeenSent: Bool
    private var wasConnected = false
    private var refusedAddress: IPAddress?
    /// Why a callback told curl to stop.
    private var abortReason: UpstreamError.Reason?
    private var outcome: UpstreamError?
    private var unread: [UInt8] = []
    private var received = 0
    private var headWaiter: HeadWaiter?
    private var bodyWaiter: BodyWaiter?

    /// Unread bytes beyond which the upstream is made to wait.
    private static let unreadBytesMax = 256 << 10

    /// Everything about a hop that does not change.
    struct Hop {
        let url: UpstreamURL
        let method: String
        let headers: UpstreamHeaders
        let body: UpstreamRequest.Body
        let deadlines: UpstreamDeadlines
        let endsAt: ContinuousClock.Instant
        let answerBytesMax: Int
        let policy: AddressPolicy
        let userAgent: String
        /// Whether an earlier hop has reached its upstream.
        let isRedirected: Bool
    }

    init(_ hop: Hop, _ handle: consuming CurlHandle, _ multi: CurlMulti) {
        self.hop = hop
        mayHaveBeenSent = hop.isRedirected
        self.multi = multi
        handle.set(
            url: hop.url,
            method: hop.method,
            connect: max(1, Int(hop.deadlines.connect / .milliseconds(1))),
            userAgent: hop.userAgent
        )
        if let body = RequestBody.small(hop.body, method: hop.method) {
            handle.set(body: body, isTyped: hop.headers["content-type"] != nil)
        } else {
            upload = RequestBody(hop.body, method: hop.method)
            if let upload { handle.setUpload(length: upload.length) }
        }
        handle.set(headers: hop.headers)
        self.handle = handle
        clock = TransferClock(hop.deadlines, endsAt: hop.endsAt)
        let raw = self.handle.raw
        let context = Unmanaged.passUnretained(self).toOpaque()
        edge_curl_on_header(raw, curlHeader, context)
        edge_curl_on_write(raw, curlWrite, context)
        edge_curl_on_read(raw, curlRead, context)
        edge_curl_on_seek(raw, curlSeek, context)
        edge_curl_on_connected(raw, curlConnected, context)
        edge_curl_on_open_socket(raw, curlOpenSocket, context)
        // A connection outlives the call that made it.
        edge_curl_on_close_socket(raw, curlCloseSocket, Unmanaged.passUnretained(multi).toOpaque())
        clock.onExpiry = { [unowned self] in end($0) }
    }

    isolated deinit { pulling?.cancel() }

    /// Sends the request and waits for the head of its answer.
    func head() async throws(UpstreamError) -> AnswerHead {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: HeadWaiter) in
                // A task that was cancelled before has ended this already.
                if let outcome { return continuation.resume(returning: .failure(outcome)) }
                headWaiter = continuation
                guard !Task.isCancelled else { return end(.cancelled) }
                clock.run(.connect)
                multi.add(self, handle.raw)
            }
        } onCancel: {
            Task { @LoopActor in self.end(.cancelled) }
        }
        return try result.get()
    }

    /// The next bytes of the answer's body; nil after the last.
    func next() async throws(UpstreamError) -> [UInt8]? {
        precondition(bodyWaiter == nil, "an answer's body has one reader at a time")
        if let present = takePresent() { return try present.get() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: BodyWaiter) in
                // Looked at once more: what stands between here and the call may let other work of the loop run.
                if let present = takePresent() { return continuation.resume(returning: present) }
                bodyWaiter = continuation
            }
        } onCancel: {
            Task { @LoopActor in self.end(.cancelled) }
        }
        return try result.get()
    }

    /// What ``next()`` gives without waiting, if it can.
    func takePresent() -> Result<[UInt8]?, UpstreamError>? {
        if !unread.isEmpty { return .success(takeUnread()) }
        guard phase == .ended else { return nil }
        return outcome.map { .failure($0) } ?? .success(nil)
    }

    private func takeUnread() -> [UInt8] {
        let bytes = unread
        unread = []
        if isReceivePaused {
            isReceivePaused = false
            clock.run(.idle)
            applyPauses()
        }
        return bytes
    }

    /// Ends it, if it has not ended: nothing more is sent or received.
    func end(_ reason: UpstreamError.Reason?) {
        guard phase != .ended else { return }
        phase = .ended
        clock.stop()
        pulling?.cancel()
        multi.remove(handle.raw)
        if let reason {
            let error = UpstreamError(reason, origin: hop.url.origin, mayHaveBeenSent: mayHaveBeenSent)
            outcome = error
            headWaiter?.resume(returning: .failure(error))
            bodyWaiter?.resume(returning: .failure(error))
        } else {
            headWaiter?.resume(returning: .success(answer))
            bodyWaiter?.resume(returning: .success(nil))
        }
        headWaiter = nil
        bodyWaiter = nil
    }

    private func applyPauses() {
        guard phase != .ended else { return }
        let code = curl_easy_pause(
            handle.raw,
            (isReceivePaused ? CURLPAUSE_RECV : 0) | (isSendPaused ? CURLPAUSE_SEND : 0)
        )
        // It hands over at once what it held back; when that is refused, curl would not say so again.
        if code != CURLE_OK { end(abortReason ?? reason(for: code)) }
    }
}

// What curl tells. These run inside curl: they must not call it.
extension Transfer {
    func mayOpen(_ address: IPAddress?) -> Bool {
        guard let address else { return false }
        guard hop.policy.refusal(of: address) == nil else {
            refusedAddress = address
            return false
        }
        return true
    }

    func opened(_ descriptor: Int32) { multi.opened(descriptor) }

    /// The connection is ready, and the request goes out. curl would send a request again by itself when a reused connection
    /// ends without an answer; the upstream may have seen it, so only what is safe to repeat is repeated.
    func connected() -> Bool {
        if wasConnected, !["GET", "HEAD", "OPTIONS"].contains(hop.method) {
            abortReason = .connectionLost("it was closed without an answer")
            return false
        }
        wasConnected = true
        mayHaveBeenSent = true
        phase = .sending
        sentSome()
        return true
    }

    private func sentSome() {
        if upload?.isSentWhole ?? true {
            phase = .awaiting
            clock.run(.firstByte)
        } else {
            clock.run(.idle)
        }
    }

    func fill(_ space: UnsafeMutableRawBufferPointer) -> RequestBody.Fill {
        guard let filled = upload?.fill(space) else { return .abort }
        if filled == .later {
            isSendPaused = true
            clock.pause()
            pull()
        } else if phase == .sending {
            sentSome()
        }
        return filled
    }

    private func pull() {
        guard pulling == nil, let next = upload?.next else { return }
        pulling = Task { @LoopActor [weak self] in
            let piece = await Result { @LoopActor () async throws -> [UInt8]? in
                var piece = try await next()
                while piece?.isEmpty == true { piece = try await next() }
                return piece
            }
            self?.pulled(piece)
        }
    }

    private func pulled(_ piece: Result<[UInt8]?, any Error>) {
        pulling = nil
        guard phase != .ended else { return }
        do {
            try upload?.take(piece.get())
        } catch let reason as UpstreamError.Reason {
            return end(reason)
        } catch {
            return end(.bodyFailed("\(error)"))
        }
        isSendPaused = false
        if phase == .sending { sentSome() }
        applyPauses()
    }

    func rewind(to offset: Int) -> Bool { upload?.rewind(to: offset) ?? false }

    func receivedHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        guard !answer.isComplete else { return true }
        do throws(UpstreamError.Reason) {
            try answer.take(line)
            guard answer.isComplete else { return true }
            let hasBody = hop.method != "HEAD" && answer.status != 204 && answer.status != 304
            if hasBody, let length = answer.contentLength, length > hop.answerBytesMax {
                throw .answerTooLarge(bytesMax: hop.answerBytesMax)
            }
        } catch {
            abortReason = error
            return false
        }
        phase = .receiving
        clock.run(.idle)
        headWaiter?.resume(returning: .success(answer))
        headWaiter = nil
        return true
    }

    func received(_ piece: UnsafeRawBufferPointer) -> Receipt {
        guard phase == .receiving else { return .abort }
        guard received + piece.count <= hop.answerBytesMax else {
            abortReason = .answerTooLarge(bytesMax: hop.answerBytesMax)
            return .abort
        }
        guard unread.count < Self.unreadBytesMax else {
            isReceivePaused = true
            clock.pause()
            return .later
        }
        received += piece.count
        unread.append(contentsOf: piece)
        clock.progressed()
        if let bodyWaiter {
            self.bodyWaiter = nil
            bodyWaiter.resume(returning: .success(unread))
            unread = []
        }
        return .taken
    }
}

// How it ended.
extension Transfer {
    /// curl is done with it. Called outside of curl.
    func finished(_ code: CURLcode) {
        end(abortReason ?? reason(for: code))
    }

    private func reason(for code: CURLcode) -> UpstreamError.Reason? {
        let message = handle.message(for: code)
        switch code {
        case CURLE_OK: return answer.isComplete ? nil : .badAnswer("it has no head")
        case CURLE_COULDNT_RESOLVE_HOST: return .nameNotFound
        case CURLE_COULDNT_RESOLVE_PROXY: return .cannotConnect("the proxy's host name has no address")
        case CURLE_OPERATION_TIMEDOUT where !wasConnected: return .connectDeadline(hop.deadlines.connect)
        case CURLE_COULDNT_CONNECT, CURLE_PROXY:
            if let refusedAddress { return .addressRefused("\(refusedAddress)") }
            return .cannotConnect(message)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            return .tlsFailed(message)
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING:
            return .badAnswer(message)
        case CURLE_URL_MALFORMAT, CURLE_OUT_OF_MEMORY: return .invalidRequest(message)
        default: return wasConnected ? .connectionLost(message) : .cannotConnect(message)
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: @LoopActor () async throws -> Success) async where Success: Sendable {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
