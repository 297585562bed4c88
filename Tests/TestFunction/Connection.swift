// One connection of the test function: reads requests, does what their path says.
import Glibc

struct Connection {
    let descriptor: Int32

    func serveOnThread() {
        var thread = pthread_t()
        pthread_create(
            &thread,
            nil,
            { context in
                Connection(descriptor: Int32(Int(bitPattern: context) - 1)).serve()
                return nil
            },
            UnsafeMutableRawPointer(bitPattern: Int(descriptor) + 1)
        )
        pthread_detach(thread)
    }

    private func serve() {
        var buffered: [UInt8] = []
        defer { close(descriptor) }
        while let head = readHead(&buffered) {
            let lines = head.split(separator: "\r\n")
            let words = lines[0].split(separator: " ")
            var length = 0
            for line in lines where line.lowercased().hasPrefix("content-length:") {
                length = Int(line.split(separator: " ").last ?? "") ?? 0
            }
            guard let body = readBody(length, &buffered) else { return }
            let target = String(words[1])
            let path = String(target.prefix { $0 != "?" })
            let query = String(target.dropFirst(path.count + 1))
            answer(path, query, body, head)
        }
    }

    private func answer(_ path: String, _ query: String, _ body: [UInt8], _ head: String) {
        switch path {
        case "/hello": reply("hello")
        case "/echo": reply(String(decoding: body, as: UTF8.self))
        case "/head": reply(head)
        case "/pid": reply("\(getpid())")
        case "/env":
            var text = ""
            var entry = environ
            while let variable = entry.pointee {
                text += String(cString: variable) + "\n"
                entry += 1
            }
            reply(text)
        case "/limits":
            var data = rlimit()
            var files = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &data)
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
            reply("\(data.rlim_cur) \(files.rlim_cur)")
        case "/descriptors":
            let open = (0..<256).filter { fcntl(Int32($0), F_GETFD) >= 0 }
            reply(open.map { String($0) }.joined(separator: " "))
        case "/slow":
            usleep((UInt32(query) ?? 0) * 1000)
            reply("slow")
        case "/wait":  // for a file
            while access(query, F_OK) != 0 { usleep(1000) }
            reply("waited")
        case "/say":
            log(query)
            reply("said")
        case "/hang":
            log("hanging")
            while true { pause() }
        case "/spin": while true {}
        case "/crash":
            log("about to crash")
            kill(getpid(), SIGKILL)  // no crash report: it would take seconds
        case "/exit": exit(Int32(query) ?? 0)
        case "/close":
            log("closing")
            shutdown(descriptor, Int32(SHUT_RDWR))
        case "/garbage": send("this is not HTTP\r\n\r\n")
        case "/leak":
            let count = (Int(query) ?? 0) << 20
            guard let memory = malloc(count) else { return reply("refused") }
            memset(memory, 1, count)
            reply("leaked")
        case "/flood":
            let line = [UInt8](repeating: UInt8(ascii: "x"), count: 99) + [10]
            for _ in 0..<(Int(query) ?? 0) { _ = write(1, line, line.count) }
            reply("flooded")
        case "/fork":
            let child = fork()
            if child == 0 { while true { pause() } }
            reply("\(child)")
        case "/stream":
            let parts = query.split(separator: "x").compactMap { UInt32($0) }
            let (count, pause) = (parts.first ?? 0, parts.last ?? 0)
            send("HTTP/1.1 200 OK\r\nContent-Length: \(count * 5)\r\n\r\n")
            for _ in 0..<count {
                usleep(pause * 1000)
                send("part\n")
            }
        case "/cut":
            send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
            exit(4)
        case "/control": reply(askControl(query))
        default: reply("no such path", status: "404 Not Found")
        }
    }

    /// What the host's control socket answers to one GET.
    private func askControl(_ path: String) -> String {
        guard let socketPath = variable("EDGE_CONTROL") else { return "no EDGE_CONTROL" }
        let control = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(control) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socketPath.utf8) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                connect(control, raw, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { return "errno \(errno)" }
        let other = Connection(descriptor: control)
        other.send("GET \(path) HTTP/1.1\r\nHost: host\r\nConnection: close\r\n\r\n")
        var text: [UInt8] = []
        while let part = other.readSome() { text += part }
        return String(decoding: text, as: UTF8.self)
    }

    private func reply(_ text: String, status: String = "200 OK") {
        send("HTTP/1.1 \(status)\r\nContent-Length: \(text.utf8.count)\r\n\r\n" + text)
    }

    private func send(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private func readSome() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    private func readHead(_ buffered: inout [UInt8]) -> String? {
        let end = Array("\r\n\r\n".utf8)
        while true {
            for start in 0..<max(buffered.count - 3, 0) where Array(buffered[start..<start + 4]) == end {
                defer { buffered.removeFirst(start + 4) }
                return String(decoding: buffered[..<start], as: UTF8.self)
            }
            guard let more = readSome() else { return nil }
            buffered += more
        }
    }

    private func readBody(_ length: Int, _ buffered: inout [UInt8]) -> [UInt8]? {
        while buffered.count < length {
            guard let more = readSome() else { return nil }
            buffered += more
        }
        defer { buffered.removeFirst(length) }
        return Array(buffered[..<length])
    }
}
