// curl's multi interface on the loop: curl says what to watch and when to wake it, the loop does so.
internal import CCurl
internal import EdgeLoop

/// Runs transfers over shared connections. curl must not be called from inside its own callbacks: those only take notes.
@LoopActor
final class CurlMulti {
    private struct Watch {
        let watcher: DescriptorWatcher
        /// Whether curl keeps the connection for later and does not want to hear of it.
        var isIdle = false
    }

    private let raw: UnsafeMutableRawPointer
    private var watches: [Int32: Watch] = [:]
    /// Sockets of connections: curl tells when it closes one of these.
    private var sockets: Set<Int32> = []
    private var timer: LoopTimer?
    /// Whether curl is being called, and is to be called once more at once.
    private var isDriving = false
    private var isDue = false
    /// Holds each transfer as long as curl may call it back.
    private var transfers: [UnsafeMutableRawPointer: Transfer] = [:]

    /// Idle connections that are kept to be used again.
    private static let idleConnectionsMax = 16
    /// Calls of curl, each of which asked for a further one at once, before others of the loop have their turn.
    private static let roundsMax = 8
    /// Made at the first call: a program that makes none does not pay for curl and OpenSSL.
    private static let isCurlReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// nil when memory is short.
    init?() {
        guard Self.isCurlReady, let raw = curl_multi_init() else { return nil }
        self.raw = raw
        let context = Unmanaged.passUnretained(self).toOpaque()
        edge_curl_on_socket(raw, curlWatch, context)
        edge_curl_on_timer(raw, curlWake, context)
        edge_curl_multi_set_number(raw, CURLMOPT_MAXCONNECTS, Self.idleConnectionsMax)
    }

    isolated deinit {
        edge_curl_on_socket(raw, nil, nil)
        edge_curl_on_timer(raw, nil, nil)
        timer?.cancel()
        for watch in watches.values { watch.watcher.cancel() }
        curl_multi_cleanup(raw)
    }

    /// Begins it: its request goes out before this returns, where a connection is at hand.
    func add(_ transfer: Transfer, _ handle: UnsafeMutableRawPointer) {
        transfers[handle] = transfer
        isDriving = true
        curl_multi_add_handle(raw, handle)
        isDriving = false
        driveWhileDue()
    }

    /// Ends it at once when it still runs: its connection is closed, or its HTTP/2 stream reset.
    func remove(_ handle: UnsafeMutableRawPointer) {
        guard transfers.removeValue(forKey: handle) != nil else { return }
        curl_multi_remove_handle(raw, handle)
    }

    /// Note of curl: watch this socket. Called inside curl.
    func watch(_ descriptor: Int32, _ what: Int32) {
        guard what != CURL_POLL_REMOVE else { return rest(descriptor) }
        if watches[descriptor] == nil {
            let watcher = try? DescriptorWatcher(descriptor) { [unowned self] in ready(descriptor, $0) }
            guard let watcher else { return }
            watches[descriptor] = Watch(watcher: watcher)
        }
        watches[descriptor]?.isIdle = false
        watches[descriptor]?.watcher.interest =
            what == CURL_POLL_IN ? .read : what == CURL_POLL_OUT ? .write : [.read, .write]
    }

    /// The next call will mostly want to read from the same connection: watched on, it costs no system calls then.
    private func rest(_ descriptor: Int32) {
        guard sockets.contains(descriptor) else {
            watches.removeValue(forKey: descriptor)?.watcher.cancel()
            return
        }
        watches[descriptor]?.isIdle = true
        watches[descriptor]?.watcher.interest = .read
    }

    /// Note of curl: this will be a connection. Called inside curl.
    func opened(_ descriptor: Int32) { sockets.insert(descriptor) }

    /// Note of curl: it closes a connection. Called inside curl.
    func closes(_ descriptor: Int32) {
        sockets.remove(descriptor)
        watches.removeValue(forKey: descriptor)?.watcher.cancel()
    }

    /// Note of curl: wake me then; negative: not at all. Called inside curl.
    func wake(afterMilliseconds: Int) {
        timer?.cancel()
        timer = nil
        isDue = isDriving && afterMilliseconds == 0
        guard !isDue, afterMilliseconds >= 0 else { return }
        timer = LoopTimer(after: .milliseconds(afterMilliseconds)) { [unowned self] in
            timer?.cancel()
            timer = nil
            drive(CURL_SOCKET_TIMEOUT, 0)
        }
    }

    private func ready(_ descriptor: Int32, _ what: SocketInterest) {
        if let watch = watches[descriptor], watch.isIdle {
            // Its server has closed it, which curl sees when it would use it again.
            watch.watcher.interest = []
            return
        }
        drive(
            descriptor,
            (what.contains(.read) ? CURL_CSELECT_IN : 0) | (what.contains(.write) ? CURL_CSELECT_OUT : 0)
        )
    }

    private func drive(_ descriptor: Int32, _ events: Int32) {
        call(descriptor, events)
        driveWhileDue()
    }

    /// What curl wants to do at once needs no timer and no turn of the loop.
    private func driveWhileDue() {
        var rounds = 0
        while isDue {
            isDue = false
            rounds += 1
            guard rounds <= Self.roundsMax else { return wake(afterMilliseconds: 0) }
            call(CURL_SOCKET_TIMEOUT, 0)
        }
    }

    private func call(_ descriptor: Int32, _ events: Int32) {
        var running: Int32 = 0
        isDriving = true
        curl_multi_socket_action(raw, descriptor, events, &running)
        isDriving = false
        var left: Int32 = 0
        while let message = curl_multi_info_read(raw, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else { continue }
            let result = message.pointee.data.result  // the message is curl's own and goes with the next call
            transfers[handle]?.finished(result)
        }
    }
}
