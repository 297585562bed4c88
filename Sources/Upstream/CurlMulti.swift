// curl's multi interface on the loop: curl says what to watch and when to wake it, the loop does so.
internal import CCurl
internal import EdgeLoop

/// Runs transfers over shared connections. curl must not be called from inside its own callbacks: those only take notes.
@LoopActor
final class CurlMulti {
    private let raw: UnsafeMutableRawPointer
    private var watchers: [Int32: DescriptorWatcher] = [:]
    private var timer: LoopTimer?
    /// Holds each transfer as long as curl may call it back.
    private var transfers: [UnsafeMutableRawPointer: Transfer] = [:]

    /// Idle connections that are kept to be used again.
    private static let idleConnectionsMax = 16
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
        for watcher in watchers.values { watcher.cancel() }
        curl_multi_cleanup(raw)
    }

    func add(_ transfer: Transfer, _ handle: UnsafeMutableRawPointer) {
        transfers[handle] = transfer
        curl_multi_add_handle(raw, handle)
    }

    /// Ends it at once when it still runs: its connection is closed, or its HTTP/2 stream reset.
    func remove(_ handle: UnsafeMutableRawPointer) {
        guard transfers.removeValue(forKey: handle) != nil else { return }
        curl_multi_remove_handle(raw, handle)
    }

    /// Note of curl: watch this socket. Called inside curl.
    func watch(_ descriptor: Int32, _ what: Int32) {
        guard what != CURL_POLL_REMOVE else {
            watchers.removeValue(forKey: descriptor)?.cancel()
            return
        }
        if watchers[descriptor] == nil {
            watchers[descriptor] = try? DescriptorWatcher(descriptor) { [unowned self] in ready(descriptor, $0) }
        }
        watchers[descriptor]?.interest =
            what == CURL_POLL_IN ? .read : what == CURL_POLL_OUT ? .write : [.read, .write]
    }

    /// Note of curl: wake me then; negative: not at all. Called inside curl.
    func wake(afterMilliseconds: Int) {
        timer?.cancel()
        timer = nil
        guard afterMilliseconds >= 0 else { return }
        timer = LoopTimer(after: .milliseconds(afterMilliseconds)) { [unowned self] in
            timer?.cancel()
            timer = nil
            drive(CURL_SOCKET_TIMEOUT, 0)
        }
    }

    private func ready(_ descriptor: Int32, _ what: SocketInterest) {
        drive(
            descriptor,
            (what.contains(.read) ? CURL_CSELECT_IN : 0) | (what.contains(.write) ? CURL_CSELECT_OUT : 0)
        )
    }

    private func drive(_ descriptor: Int32, _ events: Int32) {
        var running: Int32 = 0
        curl_multi_socket_action(raw, descriptor, events, &running)
        var left: Int32 = 0
        while let message = curl_multi_info_read(raw, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else { continue }
            let result = message.pointee.data.result  // the message is curl's own and goes with the next call
            transfers[handle]?.finished(result)
        }
    }
}
