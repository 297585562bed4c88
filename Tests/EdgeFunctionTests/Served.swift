import EdgeFunction
import Glibc
import TestSupport

/// A handler on a Unix socket of its own, and a client for it.
@LoopActor
final class Served {
    let client: HTTPClient
    private let folder = TemporaryFolder()
    private let server: HTTPServer

    init(_ handler: any HTTPHandler) throws {
        let address = SocketAddress.unix(path: folder.path + "/s")
        server = HTTPServer(try Listener(address), handler: handler)
        client = HTTPClient(address: address)
    }

    var path: String { folder.path + "/s" }

    func send(_ method: String, _ target: String, headers: HTTPHeaders = [:], body: String = "") async throws -> Answer
    {
        let request = HTTPClientRequest(
            method: method,
            target: target,
            headers: headers,
            body: .bytes(Array(body.utf8))
        )
        let answer = try await client.send(request)
        return Answer(
            status: answer.status,
            headers: answer.headers,
            bytes: try await answer.body.collect(upTo: 1 << 20)
        )
    }
}

struct Answer {
    let status: Int
    let headers: HTTPHeaders
    let bytes: [UInt8]
    var text: String { String(decoding: bytes, as: UTF8.self) }
    var json: JSONValue? { try? JSONValue.parse(bytes) }
}

/// A host's control socket that notes what it was asked and answers as told.
@LoopActor
final class ScriptedControl: HTTPHandler {
    private(set) var asked: [(line: String, headers: HTTPHeaders, body: String)] = []
    private let reply: @LoopActor (HTTPRequest) async -> HTTPResponse

    init(_ reply: @escaping @LoopActor (HTTPRequest) async -> HTTPResponse) { self.reply = reply }

    func bodyLimit(method: String, path: String) -> Int { 1 << 20 }

    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        let body = (try? await request.body.collect(upTo: 1 << 20)) ?? []
        asked.append(("\(request.method) \(request.target)", request.headers, String(decoding: body, as: UTF8.self)))
        return await reply(request)
    }
}
