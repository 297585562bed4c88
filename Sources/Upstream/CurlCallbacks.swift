// The functions that curl calls, on the loop's thread; each finds its Swift object and asks it.
internal import CCurl
internal import EdgeLoop
internal import Glibc

func curlWatch(
    _ handle: UnsafeMutableRawPointer?,
    _ descriptor: curl_socket_t,
    _ what: Int32,
    _ context: UnsafeMutableRawPointer?,
    _ own: UnsafeMutableRawPointer?
) -> Int32 {
    guard let multi = context?.object(as: CurlMulti.self) else { return 0 }
    LoopActor.assumeIsolated { multi.watch(descriptor, what) }
    return 0
}

func curlWake(_ multi: UnsafeMutableRawPointer?, _ milliseconds: Int, _ context: UnsafeMutableRawPointer?) -> Int32 {
    guard let multi = context?.object(as: CurlMulti.self) else { return 0 }
    LoopActor.assumeIsolated { multi.wake(afterMilliseconds: milliseconds) }
    return 0
}

func curlHeader(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
)
    -> Int
{
    guard let transfer = context?.object(as: Transfer.self) else { return 0 }
    // Unchecked, yet safe: curl calls on the loop's thread, and nobody keeps the buffer beyond this call.
    nonisolated(unsafe) let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return LoopActor.assumeIsolated { transfer.receivedHeader(line) } ? size * count : 0
}

func curlWrite(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
)
    -> Int
{
    guard let transfer = context?.object(as: Transfer.self) else { return 0 }
    // Unchecked, yet safe: curl calls on the loop's thread, and nobody keeps the buffer beyond this call.
    nonisolated(unsafe) let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return switch LoopActor.assumeIsolated({ transfer.received(piece) }) {
    case .taken: size * count
    case .later: Int(CURL_WRITEFUNC_PAUSE)
    case .abort: Int(CURL_WRITEFUNC_ERROR)
    }
}

func curlRead(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
)
    -> Int
{
    guard let transfer = context?.object(as: Transfer.self) else { return Int(CURL_READFUNC_ABORT) }
    // Unchecked, yet safe: curl calls on the loop's thread, and nobody keeps the buffer beyond this call.
    nonisolated(unsafe) let space = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
    return switch LoopActor.assumeIsolated({ transfer.fill(space) }) {
    case .bytes(let count): count
    case .later: Int(CURL_READFUNC_PAUSE)
    case .abort: Int(CURL_READFUNC_ABORT)
    }
}

func curlSeek(_ context: UnsafeMutableRawPointer?, _ offset: curl_off_t, _ origin: Int32) -> Int32 {
    guard let transfer = context?.object(as: Transfer.self) else { return CURL_SEEKFUNC_FAIL }
    return LoopActor.assumeIsolated { transfer.rewind(to: Int(offset)) } ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
}

func curlConnected(
    _ context: UnsafeMutableRawPointer?,
    _ remoteAddress: UnsafeMutablePointer<CChar>?,
    _ localAddress: UnsafeMutablePointer<CChar>?,
    _ remotePort: Int32,
    _ localPort: Int32
) -> Int32 {
    guard let transfer = context?.object(as: Transfer.self) else { return CURL_PREREQFUNC_ABORT }
    return LoopActor.assumeIsolated { transfer.connected() } ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

func curlOpenSocket(
    _ context: UnsafeMutableRawPointer?,
    _ purpose: curlsocktype,
    _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let address, let transfer = context?.object(as: Transfer.self) else { return CURL_SOCKET_BAD }
    let target = edge_curl_address(address).flatMap { IPAddress($0) }
    guard LoopActor.assumeIsolated({ transfer.mayOpen(target) }) else { return CURL_SOCKET_BAD }
    // Close-on-exec from its first moment: another thread may be starting a program.
    let descriptor = edge_curl_open(address)
    if descriptor >= 0 { LoopActor.assumeIsolated { transfer.opened(descriptor) } }
    return descriptor
}

func curlCloseSocket(_ context: UnsafeMutableRawPointer?, _ descriptor: curl_socket_t) -> Int32 {
    if let multi = context?.object(as: CurlMulti.self) { LoopActor.assumeIsolated { multi.closes(descriptor) } }
    return close(descriptor)
}

extension UnsafeMutableRawPointer {
    /// The object that was registered with curl; curl never outlives it.
    fileprivate func object<Object: AnyObject>(as type: Object.Type) -> Object {
        Unmanaged<Object>.fromOpaque(self).takeUnretainedValue()
    }
}
