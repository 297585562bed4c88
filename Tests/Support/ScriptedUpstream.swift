// A small HTTP server whose every answer is written down by the test: the other side of all end-to-end tests.
public import EdgeLoop

/// Listens on loopback, answers as told, and keeps what it was asked.
///
///     let upstream = try ScriptedUpstream([.json(503, #"{"estimated_time": 20}"#), .bytes(png, type: "image/png")])
///     ... call upstream.url ...
///     #expect(upstream.calls == 2)
@LoopActor
public final class ScriptedUpstream {
    /// `http://127.0.0.1:port`, without a slash at its end.
    public let url: String
    public let port: UInt16
    /// Every whole request, in the order of arrival.
    public private(set) var requests: [ScriptedRequest] = []
    private let listener: Listener
    private let choose: @LoopActor (ScriptedRequest) -> ScriptedAnswer
    private var connections: [Int: ScriptedConnection] = [:]
    private var connectionCount = 0
    private let changes = Changes()
    private var held: HeldPort?

    /// Answers each request as the closure decides.
    public init(_ choose: @escaping @LoopActor (ScriptedRequest) -> ScriptedAnswer) throws {
        guard let loopback = IPAddress("127.0.0.1") else { preconditionFailure("127.0.0.1 is an address") }
        self.choose = choose
        listener = try Listener(.ip(loopback, port: 0))
        guard case .ip(_, let port) = listener.address else { preconditionFailure("a TCP listener has a port") }
        self.port = port
        url = "http://127.0.0.1:\(port)"
        listener.onConnection = { [unowned self] socket in
            connectionCount += 1
            let number = connectionCount
            connections[number] = ScriptedConnection(socket, number, self)
            changes.notify()
        }
    }

    /// Answers the first request with the first, and so on. A request beyond the last gets a 599 that says so.
    public convenience init(_ answers: [ScriptedAnswer]) throws {
        try self.init { request in
            guard request.number > answers.count else { return answers[request.number - 1] }
            return .status(599, body: Array("the script has no answer number \(request.number)".utf8))
        }
    }

    /// Answers every request alike.
    public convenience init(always answer: ScriptedAnswer) throws {
        try self.init { _ in answer }
    }

    /// How many requests have come.
    public var calls: Int { requests.count }

    /// How many connections were ever made.
    public var connectionsMade: Int { connectionCount }

    /// The request with that number (the first is 1), as soon as it has come.
    public func request(_ number: Int) async throws -> ScriptedRequest {
        try await changes.wait(for: "request \(number); there were \(requests.count)") { requests.count >= number }
        return requests[number - 1]
    }

    /// Returns when that connection (the first is 1) has been made and has ended, by either side.
    public func connectionEnded(_ number: Int) async throws {
        try await changes.wait(for: "the end of connection \(number)") {
            connectionCount >= number && connections[number] == nil
        }
    }

    /// Stops listening and breaks every connection. Its port stays nobody's.
    public func close() {
        end()
        held = try? HeldPort(port)
    }

    private func end() {
        listener.close()
        for connection in connections.values { connection.end(reset: true) }
    }

    isolated deinit { end() }

    func received(_ request: ScriptedRequest) -> ScriptedAnswer {
        var request = request
        request.number = requests.count + 1
        requests.append(request)
        changes.notify()
        return choose(request)
    }

    func ended(_ number: Int) {
        connections[number] = nil
        changes.notify()
    }
}
