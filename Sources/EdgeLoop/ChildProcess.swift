// A program started in a process group of its own, with nothing that it was not given.
internal import CUV
internal import Glibc

/// How a process ended.
public enum ChildExit: Equatable, Sendable, CustomStringConvertible {
    case exited(Int32)
    case signaled(Int32)

    public var description: String {
        switch self {
        case .exited(let status): "exited with status \(status)"
        case .signaled(let number): "was killed by signal \(number)"
        }
    }
}

/// What a child gets, and nothing else: these variables, descriptors 0 (empty), 1 and 2, and these limits.
public struct ChildOptions: Sendable {
    /// Absolute path.
    public var program: String
    public var arguments: [String] = []
    public var environment: [(name: String, value: String)] = []
    public var directory: String?
    /// RLIMIT_DATA in bytes; nil: none.
    public var dataBytesMax: Int?
    public var openFilesMax = 256
    /// 0 to 1000; higher is killed sooner when the machine runs out of memory.
    public var oomScore = 500

    public init(program: String) { self.program = program }
}

/// A running child process. Dies with this process, by a parent-death signal and by the ``ProcessGuard``.
@LoopActor
public final class ChildProcess {
    public let id: Int32
    /// The child's stdout and stderr, to be read.
    public let output: Socket
    public let error: Socket
    /// nil while it runs.
    public private(set) var exit: ChildExit?
    private var waiters: [CheckedContinuation<ChildExit, Never>] = []

    /// - Throws: ``SystemError`` when the program cannot be started.
    public init(_ options: ChildOptions) throws(SystemError) {
        let action = "starting \(options.program)"
        ChildReaper.shared.start()
        let out = try PipeEnds(doing: action)
        let err: PipeEnds
        do {
            err = try PipeEnds(doing: action)
        } catch {
            out.closeBoth()
            throw error
        }
        var id: pid_t = 0
        let failure = withCStrings([options.program] + options.arguments) { arguments in
            withCStrings(options.environment.map { "\($0.name)=\($0.value)" }) { environment in
                options.program.withCString { program in
                    withOptionalCString(options.directory) { directory in
                        var raw = edge_spawn(
                            program: program,
                            arguments: arguments,
                            environment: environment,
                            directory: directory,
                            output: out.write,
                            error: err.write,
                            guard: ProcessGuard.shared?.input ?? -1,
                            data: options.dataBytesMax.map { rlim_t($0) } ?? rlim_t.max,
                            files: rlim_t(options.openFilesMax),
                            files_hard: rlim_t(options.openFilesMax),
                            oom_score: Int32(options.oomScore)
                        )
                        return edge_spawn(&raw, &id)
                    }
                }
            }
        }
        Glibc.close(out.write)
        Glibc.close(err.write)
        guard failure == 0 else {
            Glibc.close(out.read)
            Glibc.close(err.read)
            throw SystemError(code: failure, doing: action)
        }
        self.id = id
        output = Socket(adopting: out.read)
        error = Socket(adopting: err.read)
        ChildReaper.shared.add(self)
    }

    /// Waits until it has ended.
    public func wait() async -> ChildExit {
        await withCheckedContinuation { continuation in
            if let exit { continuation.resume(returning: exit) } else { waiters.append(continuation) }
        }
    }

    /// Sends a signal to the process alone. Nothing when it has ended.
    public func signal(_ number: Int32) {
        if exit == nil { kill(id, number) }
    }

    /// Kills the process and everything it has started that stayed in its group. The reaper does so too when the process has ended:
    /// grandchildren do not outlive the process that they served. Nothing when it has been collected: its id may be another's.
    public func killGroup() {
        if exit == nil { kill(-id, SIGKILL) }
    }

    func ended(_ exit: ChildExit) {
        self.exit = exit
        ProcessGuard.shared?.forget(group: id)
        for waiter in waiters { waiter.resume(returning: exit) }
        waiters = []
    }

    /// Resident bytes now; nil when the process has ended.
    public var residentBytes: Int? {
        guard exit == nil else { return nil }
        let file = open("/proc/\(id)/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { Glibc.close(file) }
        var text = [UInt8](repeating: 0, count: 128)
        let count = Glibc.read(file, &text, text.count)
        guard count > 0 else { return nil }
        let fields = text[0..<count].split(separator: UInt8(ascii: " "))
        guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}

private struct PipeEnds {
    let read: Int32
    let write: Int32

    init(doing action: String) throws(SystemError) {
        var ends: [Int32] = [0, 0]
        guard edge_pipe(&ends) == 0 else { throw SystemError.last(doing: action) }
        read = ends[0]
        write = ends[1]
        // Only our end: the child's stdout must block like any other.
        _ = fcntl(read, F_SETFL, O_NONBLOCK)
    }

    func closeBoth() {
        Glibc.close(read)
        Glibc.close(write)
    }
}

private func withCStrings<Output>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Output
) -> Output {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return (copies + [nil]).withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("an array with a last nil is not empty") }
        return body(base)
    }
}

private func withOptionalCString<Output>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Output) -> Output {
    guard let text else { return body(nil) }
    return text.withCString { body($0) }
}
