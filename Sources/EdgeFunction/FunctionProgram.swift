// The life of a function's process: listen where the host said, serve, stop when told.
internal import Glibc

/// Runs a handler as a program, by isolate-protocol.md.
@LoopActor
enum FunctionProgram {
    /// The host has refused larger bodies before, by the manifest's `body`.
    static let bodyBytesMax = 1 << 30
    /// After this, what still runs is cut. The host's own patience (`drain`) ends much earlier.
    private static let drainMax = Duration.seconds(3600)

    /// Serves until SIGTERM or SIGINT, then exits 0 when what runs is finished. A second signal exits at once.
    nonisolated static func run(_ make: @escaping @LoopActor @Sendable () throws -> any HTTPHandler) -> Never {
        LoopActor.main { await serve(make) }
    }

    private static func serve(_ make: @LoopActor () throws -> any HTTPHandler) async -> Int32 {
        let server: HTTPServer
        do {
            let handler = try make()
            // The host only asks whether the settings are good.
            if environment("EDGE_CHECK") == "1" { return 0 }
            server = HTTPServer(limits: limits, handler: handler)
            try listen(server)
        } catch {
            log("\(error)")
            return 1
        }
        await stopSignal()
        await server.drain(within: drainMax)
        return 0
    }

    private static var limits: HTTPLimits {
        var limits = HTTPLimits()
        limits.headBytes = 64 << 10  // the caller's head, which the host has limited, and what the host adds
        limits.keepAliveIdle = .seconds(3600)  // the host closes what it does not need
        return limits
    }

    /// The first signal. From then on, a further one ends the process.
    private static func stopSignal() async {
        var watchers: [SignalWatcher] = []
        var isStopping = false
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            for number in [SIGTERM, SIGINT] {
                watchers.append(
                    SignalWatcher(number) {
                        if isStopping { exit(128 + number) }
                        isStopping = true
                        continuation.resume()
                    }
                )
            }
        }
        stopWatchers = watchers
    }

    /// Holds them while the process ends.
    private static var stopWatchers: [SignalWatcher] = []

    private static func listen(_ server: HTTPServer) throws {
        if let path = environment("EDGE_SOCKET") {
            try listen(server, at: path)
        } else if let text = environment("PORT") {
            guard let port = UInt16(text), let loopback = IPAddress("127.0.0.1") else {
                throw StartError(description: "PORT is \"\(text)\"; use a number from 0 to 65535")
            }
            server.serve(try Listener(.ip(loopback, port: port)))
        } else {
            throw StartError(
                description:
                    "neither EDGE_SOCKET nor PORT is set; start this function through edge serve, or with PORT=8000"
            )
        }
    }

    /// The path appears when connections are taken and not before: a host that waits for it never finds a closed door.
    private static func listen(_ server: HTTPServer, at path: String) throws {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        let listener = try Listener(.unix(path: "\(folder).\(getpid())"))
        guard case .unix(let temporary) = listener.address else { return }
        server.serve(listener)
        guard rename(temporary, path) == 0 else {
            let error = SystemError.last(doing: "listening on \(path)")
            listener.close()
            throw error
        }
    }

    static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A line on stderr, which the host logs under the function's name.
    static func log(_ text: String) {
        let line = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n") + "\n"
        _ = Array(line.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// Why a function's process cannot begin.
struct StartError: Error, CustomStringConvertible {
    let description: String
}
