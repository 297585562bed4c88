import EdgeFunction
import TestSupport
import Testing

@testable import Status

/// Status, between a caller and a scripted control socket. Its `Control` is made from a path as in the program.
struct StatusTests {
    init() { TestLoop.start() }

    @LoopActor
    private func ask(
        _ method: String,
        _ target: String,
        headers: HTTPHeaders = [:],
        _ host: ControlHost
    ) async -> Response? {
        let request = Request(method: method, target: target, headers: headers, body: HTTPBodyReader())
        do {
            return try await Status(control: Control(path: host.path)).respond(to: request)
        } catch let problem as Problem {
            return Response(status: problem.status, headers: problem.headers)
        } catch {
            return nil
        }
    }

    @Test(
        "Each request is the control socket's",
        arguments: [
            ("GET", "/j1", "GET /v1/jobs/j1"), ("HEAD", "/j1", "GET /v1/jobs/j1"),
            ("GET", "/j1?a=b&wait=25", "GET /v1/jobs/j1?wait=25"), ("GET", "/j1?wait=-1", "GET /v1/jobs/j1"),
            ("DELETE", "/j1", "DELETE /v1/jobs/j1"), ("GET", "/", "GET /v1/service"), ("POST", "/", "GET /v1/service"),
        ]
    )
    @LoopActor func relays(method: String, target: String, asked: String) async throws {
        let host = try ControlHost { _ in .json(["id": "j1"]) }

        let response = await ask(method, target, headers: ["Edge-Base-URL": "https://edge.test"], host)

        #expect(response?.status == 200)
        #expect(host.asked == [asked + " https://edge.test"])
    }

    @Test @LoopActor func `an event stream is asked for by Accept and handed through`() async throws {
        let host = try ControlHost { _ in
            Response(
                headers: ["Content-Type": "text/event-stream"],
                body: .stream(length: nil) { try await $0.write("data: 1\n\n") }
            )
        }

        let response = await ask("GET", "/j1", headers: ["Accept": "text/html, text/event-stream"], host)

        #expect(host.asked == ["GET /v1/jobs/j1/events "])
        #expect(response?.headers["Content-Type"] == "text/event-stream")
        guard case .reader(let body, _) = response?.body else {
            Issue.record("no stream")
            return
        }
        #expect(try await body.collect(upTo: 100) == Array("data: 1\n\n".utf8))
    }

    @Test @LoopActor func `an unknown id is the host's 404, and its document stays as it is`() async throws {
        let document = #"{"code":"unknown_job",  "status":404}"#
        let host = try ControlHost { _ in
            Response(status: 404, headers: ["Content-Type": "application/json"], body: .bytes(Array(document.utf8)))
        }

        let response = await ask("GET", "/j404", host)

        #expect(response?.status == 404)
        guard case .reader(let body, _) = response?.body else {
            Issue.record("no document")
            return
        }
        #expect(try await body.collect(upTo: 100) == Array(document.utf8))
    }

    @Test @LoopActor func `a host that cannot be reached is 503 and worth another try`() async throws {
        let host = try ControlHost { _ in .text("") }
        host.close()

        #expect(await ask("GET", "/j1", host)?.status == 503)
    }

    @Test(
        "Path tricks are 404 and do not reach the host",
        arguments: ["/../x", "/a/b", "/%2e%2e", "/j1/", "//", "/a%00"]
    )
    @LoopActor func tricks(target: String) async throws {
        let host = try ControlHost { _ in .text("") }

        #expect(await ask("GET", target, host)?.status == 404)
        #expect(host.asked.isEmpty)
    }

    @Test(
        "Other methods are refused with those that work",
        arguments: [("PUT", "/"), ("POST", "/j1"), ("PATCH", "/j1")]
    )
    @LoopActor func methods(method: String, target: String) async throws {
        let host = try ControlHost { _ in .text("") }

        let response = await ask(method, target, host)

        #expect(response?.status == 405)
        #expect(response?.headers["Allow"]?.hasPrefix("GET, HEAD") == true)
    }
}

/// A host's control socket that notes what it was asked.
@LoopActor
private final class ControlHost: HTTPHandler {
    private(set) var asked: [String] = []
    private let folder = TemporaryFolder()
    private let reply: @LoopActor (HTTPRequest) async -> HTTPResponse
    private var server: HTTPServer?
    var path: String { folder.path + "/c" }

    init(_ reply: @escaping @LoopActor (HTTPRequest) async -> HTTPResponse) throws {
        self.reply = reply
        server = HTTPServer(try Listener(.unix(path: path)), handler: self)
    }

    func close() { server?.stopAccepting() }

    func bodyLimit(method: String, path: String) -> Int { 1 << 20 }

    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        asked.append("\(request.method) \(request.target) \(request.headers["Edge-Base-URL"] ?? "")")
        return await reply(request)
    }
}
