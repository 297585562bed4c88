// Requests that a handler takes on without a task.
import EdgeLoop
import TestSupport
import Testing

@testable import EdgeHTTP

/// Takes on what begins with /take, and keeps the replies that it owes.
@LoopActor
private final class TakingHandler: HTTPHandler {
    private(set) var replies: [(target: String, reply: HTTPReply)] = []
    private(set) var departures = 0
    private(set) var lateTaskWasCancelled: Bool?
    private var waiter: CheckedContinuation<Void, Never>?

    func take(_ request: HTTPRequest, _ reply: HTTPReply) -> Bool {
        guard request.path.hasPrefix("/take") else { return false }
        replies.append((request.target, reply))
        reply.onDeparture { [self] in
            departures += 1
            wake()
        }
        wake()
        return true
    }

    func answer(_ request: HTTPRequest) async -> HTTPResponse { .text("a task") }

    func bodyLimit(method: String, path: String) -> Int { 1000 }

    func until(_ isMet: () -> Bool) async {
        while !isMet() { await withCheckedContinuation { waiter = $0 } }
    }

    func lateAnswer() -> HTTPResponse {
        lateTaskWasCancelled = Task.isCancelled
        wake()
        return .text("nobody")
    }

    private func wake() {
        waiter?.resume()
        waiter = nil
    }
}

@Suite(.timeLimit(.minutes(5)))
struct ReplyTests {
    init() { TestLoop.start() }

    @LoopActor private func serve() throws -> (TakingHandler, HTTPServer, SocketAddress, TemporaryFolder) {
        let folder = TemporaryFolder()
        let listener = try Listener(.unix(path: folder.path + "/s"))
        let handler = TakingHandler()
        return (handler, HTTPServer(listener, handler: handler), listener.address, folder)
    }

    @Test @LoopActor func `a request is answered when its reply is given, and the next one waits for that`()
        async throws
    {
        let (handler, server, address, folder) = try serve()
        let client = RawClient(try await Socket.connect(to: address))

        client.send("GET /take HTTP/1.1\r\nHost: a\r\n\r\nGET /task HTTP/1.1\r\nHost: a\r\n\r\n")
        await handler.until { handler.replies.count == 1 }
        handler.replies.first?.reply.send(.text("a callback"))
        let text = await client.until("a task")

        #expect(text.contains("a callback"))
        #expect(handler.departures == 0)
        withExtendedLifetime((server, folder)) {}
    }

    @Test @LoopActor func `a reply can be a stream, and can go on in a task`() async throws {
        let (handler, server, address, folder) = try serve()
        let client = RawClient(try await Socket.connect(to: address))

        client.send("GET /take/1 HTTP/1.1\r\nHost: a\r\n\r\n")
        await handler.until { handler.replies.count == 1 }
        handler.replies[0].reply.send(
            HTTPResponse(body: .stream(length: nil) { writer in try await writer.write(Array("parts".utf8)) })
        )
        let first = await client.until("0\r\n\r\n")
        client.send("GET /take/2 HTTP/1.1\r\nHost: a\r\n\r\n")
        await handler.until { handler.replies.count == 2 }
        handler.replies[1].reply.send { .text("late") }
        let second = await client.until("late")

        #expect(first.contains("parts"))
        #expect(second.contains("late"))
        withExtendedLifetime((server, folder)) {}
    }

    @Test @LoopActor func `who owes a reply hears that the client has left, once, and replying then does nothing`()
        async throws
    {
        let (handler, server, address, folder) = try serve()
        let client = RawClient(try await Socket.connect(to: address))
        client.send("GET /take HTTP/1.1\r\nHost: a\r\n\r\n")
        await handler.until { handler.replies.count == 1 }

        client.close()
        await handler.until { handler.departures > 0 }
        handler.replies[0].reply.send(.text("nobody"))
        handler.replies[0].reply.send { handler.lateAnswer() }
        await handler.until { handler.lateTaskWasCancelled != nil }

        #expect(handler.lateTaskWasCancelled == true)
        #expect(handler.departures == 1)
        #expect(server.connectionCount == 0)
        withExtendedLifetime(folder) {}
    }
}
