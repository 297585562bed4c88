// A function for tests, in plain POSIX calls: by the request path it answers, hangs, crashes, leaks, floods or forks.
import Glibc

let arguments = CommandLine.arguments

func has(_ flag: String) -> Bool { arguments.contains(flag) }

func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// Written at once: a crash must not lose it.
func log(_ text: String, to descriptor: Int32 = 2) {
    var text = text + "\n"
    text.withUTF8 { bytes in _ = write(descriptor, bytes.baseAddress, bytes.count) }
}

func listenSocket() -> Int32 {
    if let path = variable("EDGE_SOCKET") {
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(listener, raw, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 && listen(listener, 64) == 0
                    ? listener : -1
            }
        }
    }
    guard let port = variable("PORT").flatMap({ UInt16($0) }) else { return -1 }
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
            bind(listener, raw, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 && listen(listener, 64) == 0
                ? listener : -1
        }
    }
}

signal(SIGPIPE, SIG_IGN)
if has("--crash-at-start") {
    log("cannot start: the model file is missing")
    exit(3)
}
if has("--never-listen") { while true { pause() } }
if has("--ignore-term") { signal(SIGTERM, SIG_IGN) }
if has("--forks") && fork() == 0 { while true { pause() } }

let listener = listenSocket()
guard listener >= 0 else {
    log("cannot listen: errno \(errno)")
    exit(1)
}
log("listening", to: 1)
while true {
    let connection = accept(listener, nil, nil)
    guard connection >= 0 else { continue }
    Connection(descriptor: connection).serveOnThread()
}
