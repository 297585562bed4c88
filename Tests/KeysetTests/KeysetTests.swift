import EdgeFunction
import TestSupport
import Testing
import Upstream

@testable import Keyset

struct KeysetTests {
    init() { TestLoop.start() }

    @LoopActor
    private func ask(_ body: String, allowing list: String? = "127.0.0.1") async throws -> Response {
        let policy = try AddressPolicy.outside(andListed: list, name: "EDGE_KEYSET_ALLOW")
        let function = Keyset(policy: policy, deadlines: UpstreamDeadlines(connect: .seconds(60)))
        return try await function.respond(
            to: Request(method: "POST", target: "/", headers: [:], body: HTTPBodyReader(Array(body.utf8)))
        )
    }

    @LoopActor
    private func fetch(_ url: String, allowing list: String? = "127.0.0.1") async throws -> String {
        let response = try await ask(#"{"url": "\#(url)"}"#, allowing: list)
        guard case .bytes(let bytes) = response.body else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    @LoopActor
    private func refusal(_ url: String, allowing list: String? = "127.0.0.1") async throws -> Problem? {
        await #expect(throws: Problem.self) { _ = try await fetch(url, allowing: list) }
    }

    @Test @LoopActor func `the document is handed over as it is, redirects of the same origin included`() async throws {
        let issuer = try ScriptedUpstream([
            .status(302, headers: [("Location", "/moved")]), .json(200, #"{"keys":[]}"#),
        ])

        #expect(try await fetch("\(issuer.url)/jwks.json") == #"{"keys":[]}"#)
        #expect(issuer.requests.map(\.target) == ["/jwks.json", "/moved"])
    }

    @Test @LoopActor func `a redirect to another origin is not followed`() async throws {
        let other = try ScriptedUpstream(always: .json(200, #"{"keys":[]}"#))
        let issuer = try ScriptedUpstream(always: .status(302, headers: [("Location", other.url)]))

        #expect(try await refusal(issuer.url)?.status == 502)
        #expect(other.calls == 0)
    }

    @Test @LoopActor func `what is too large, no 200, or inside is no key set`() async throws {
        let large = [UInt8](repeating: 32, count: Keyset.bytesMax + 1)
        let issuer = try ScriptedUpstream([.bytes(large, type: "application/json"), .status(404)])

        #expect(try await refusal(issuer.url)?.detail.contains("larger") == true)
        #expect(try await refusal(issuer.url)?.detail.contains("404") == true)
        #expect(try await refusal(issuer.url, allowing: nil)?.detail.contains("EDGE_KEYSET_ALLOW") == true)
        #expect(issuer.calls == 2)
    }

    @Test @LoopActor func `a request without a URL is refused`() async throws {
        for body in ["", "{}", #"{"url": 7}"#] {
            let problem = await #expect(throws: Problem.self) { _ = try await ask(body) }
            #expect(problem?.status == 400)
        }
    }

    @Test func `a list with what is no network is refused by the variable's name`() {
        let mistake = #expect(throws: AddressListMistake.self) {
            _ = try AddressPolicy.outside(andListed: "10.0.0.0/8,home", name: "EDGE_KEYSET_ALLOW")
        }

        #expect(mistake?.description.hasPrefix("EDGE_KEYSET_ALLOW: \"home\"") == true)
    }
}
