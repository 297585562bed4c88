// What tests of isolates share: a log that can be waited for, and a supervisor of the test function.
import EdgeHTTP
import EdgeLoop
import Glibc
import Secrets
import TestSupport
import Testing

@testable import EdgeRuntime

/// Keeps what it is told, and wakes who waits for it.
@LoopActor
final class TestLog: IsolateLog {
    let redactor = Redactor.none
    private(set) var lines: [String] = []
    private(set) var requests: [String?] = []
    private(set) var events: [IsolateEvent] = []
    private var waits: [(isMet: (TestLog) -> Bool, wait: OneShot<Void>)] = []

    func line(_ text: String, function: String, process: Int32, stream: IsolateStream, request: String?) {
        lines.append("\(stream): \(text)")
        requests.append(request)
        wake()
    }

    func event(_ event: IsolateEvent, function: String) {
        events.append(event)
        wake()
    }

    /// Returns as soon as `isMet` is true of the log.
    func until(_ isMet: @escaping (TestLog) -> Bool) async {
        guard !isMet(self) else { return }
        let wait = OneShot<Void>()
        waits.append((isMet, wait))
        await wait.wait()
    }

    /// Waits for a line, and gives nothing back: a test that waits forever is stopped by its time limit.
    func untilLine(_ text: String) async { await until { $0.lines.contains(text) } }

    func untilStopped(_ reason: IsolateEvent.StopReason) async {
        await until { $0.events.contains { if case .stopped(_, reason) = $0 { true } else { false } } }
    }

    private func wake() {
        let met = waits.filter { $0.isMet(self) }
        waits.removeAll { $0.isMet(self) }
        for entry in met { entry.wait.finish(()) }
    }
}

/// A supervisor of the test function in a folder of its own.
@LoopActor
struct TestIsolates {
    let folder = TemporaryFolder()
    let log = TestLog()
    let isolates: Isolates
    private let asked = ControlAsks()

    init(
        _ arguments: [String] = [],
        grace: Duration = .seconds(5),
        _ change: (inout IsolateFunction) -> Void = { _ in },
        variables: @escaping @LoopActor () -> Isolates.Variables = { [] }
    ) {
        var function = Self.function(in: folder.path, arguments)
        change(&function)
        isolates = Isolates(
            function,
            version: "1.2.3",
            runDirectory: folder.path,
            grace: grace,
            log: log,
            control: { [asked] in
                asked.has.append($0)
                return TestControl()
            },
            variables: variables
        )
    }

    static func function(in folder: String, _ arguments: [String] = []) -> IsolateFunction {
        var function = IsolateFunction(name: "test", program: program("TestFunction"), folder: folder)
        function.arguments = arguments
        function.startTimeout = .seconds(100)
        return function
    }

    /// A program that was built beside the tests.
    static func program(_ name: String) -> String {
        var path = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &path, path.count)
        let tests = String(decoding: path[..<max(count, 0)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return tests[..<(tests.lastIndex(of: "/") ?? tests.endIndex)] + "/" + name
    }

    func lease() async throws -> IsolateLease { try await isolates.lease(within: .seconds(100)) }

    /// One call with its whole answer.
    func call(
        _ target: String,
        method: String = "GET",
        body: [UInt8] = [],
        headers: HTTPHeaders = [:],
        timeout: Duration = .seconds(100)
    ) async throws -> (status: Int, text: String) {
        let request = HTTPRequest(method: method, target: target, headers: headers, body: HTTPBodyReader(body))
        let response = try await isolates.call(request, timeout: timeout)
        return (response.status, String(decoding: try await response.collected(), as: UTF8.self))
    }

    var pid: Int32? { isolates.current?.id }

    /// A call that runs until ``letGo()``.
    var waiting: String { "/wait?\(folder.path)/go" }

    func letGo() { folder.write("", to: "go") }

    /// Whether a call is in a process, asked as each process's control socket asks, in the order of their starts.
    func has(_ request: String) -> [Bool] { asked.has.map { $0(request) } }
}

/// What the control sockets were given to ask.
@LoopActor
final class ControlAsks {
    var has: [@LoopActor (String) -> Bool] = []
}

/// Answers on the control socket.
final class TestControl: HTTPHandler {
    func answer(_ request: HTTPRequest) async -> HTTPResponse { .text("the host says \(request.target)") }
    func bodyLimit(method: String, path: String) -> Int { 0 }
}

extension HTTPResponse {
    /// The whole body of a forwarded answer.
    @LoopActor func collected() async throws -> [UInt8] {
        switch body {
        case .empty: []
        case .bytes(let bytes): bytes
        case .reader(let reader, _): try await reader.collect(upTo: 16 << 20)
        case .file, .stream: throw HTTPBodyError.malformed("a forwarded answer is none of these")
        }
    }
}

extension [IsolateEvent] {
    var starts: Int { count { if case .started = $0 { true } else { false } } }
    var crashes: Int { count { if case .crashed = $0 { true } else { false } } }
}

/// Whether a process exists.
func exists(_ id: Int32) -> Bool { kill(id, 0) == 0 || errno == EPERM }

/// Waits until no process of a group runs. One that was killed may take a moment, and stays a zombie until its parent looks.
@LoopActor
func groupIsGone(_ group: Int32) async -> Bool {
    let end = ContinuousClock.now + Changes.patience
    while ContinuousClock.now < end {
        if !entries(of: "/proc").compactMap({ Int32($0) }).contains(where: { runs($0, inGroup: group) }) { return true }
        try? await sleep(for: .milliseconds(2))
    }
    return false
}

private func runs(_ id: Int32, inGroup group: Int32) -> Bool {
    guard getpgid(id) == group, let file = fopen("/proc/\(id)/stat", "r") else { return false }
    defer { fclose(file) }
    var text = [CChar](repeating: 0, count: 1024)
    guard fgets(&text, Int32(text.count), file) != nil else { return false }
    // "123 (name) S ...": the name may hold anything
    let line = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return !line[(line.lastIndex(of: ")") ?? line.startIndex)...].hasPrefix(") Z")
}

/// The names in a folder.
func entries(of path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}
