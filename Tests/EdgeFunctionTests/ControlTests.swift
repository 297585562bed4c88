import TestSupport
import Testing

@testable import EdgeFunction

struct ControlTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `each call is the protocol's, with the request's id and base URL`() async throws {
        let host = ScriptedControl { _ in .json(["ok": true]) }
        let socket = try Served(host)
        let control = Control(path: socket.path)
        let request = Request(
            method: "GET",
            target: "/x",
            headers: [
                "Edge-Base-URL": "http://h", "Edge-Request-Id": "r", "Edge-Caller": "key:k", "Edge-User": "u",
                "Cookie": "c",
            ],
            body: HTTPBodyReader()
        )

        _ = try await control.job("0a-B_9", for: request)
        _ = try await control.job("j", wait: .milliseconds(1500))
        _ = try await control.events("j")
        _ = try await control.delete("j")
        _ = try await control.service()

        #expect(
            host.asked.map(\.line) == [
                "GET /v1/jobs/0a-B_9", "GET /v1/jobs/j?wait=2", "GET /v1/jobs/j/events", "DELETE /v1/jobs/j",
                "GET /v1/service",
            ]
        )
        #expect(host.asked[0].headers["Edge-Base-URL"] == "http://h")
        #expect(host.asked[0].headers["Edge-Request-Id"] == "r")
        #expect(host.asked[0].headers["Edge-Caller"] == "key:k")
        #expect(host.asked[0].headers["Edge-User"] == "u")
        #expect(host.asked[0].headers["Cookie"] == nil)
    }

    @Test(
        "An id never becomes another path",
        arguments: ["", ".", "..", "a/b", "a%2fb", "a?b", "a b", "é", "../service"]
    )
    @LoopActor func badID(id: String) async throws {
        let host = ScriptedControl { _ in .text("") }
        let socket = try Served(host)

        await #expect(throws: ControlError.badID) { _ = try await Control(path: socket.path).job(id) }
        #expect(host.asked.isEmpty)
    }

    @Test @LoopActor func `without a host every call says so`() async {
        await #expect(throws: ControlError.none) { _ = try await Control(path: nil).service() }
    }

    @Test @LoopActor func `while one progress is on its way only the newest waits behind it`() async throws {
        let first = Gate()
        let last = Gate()
        let host = ScriptedControl { request in
            await first.wait()
            return Response(status: 204)
        }
        let socket = try Served(host)
        let control = Control(path: socket.path)

        control.show(0.1, note: nil, of: RunName(job: "j", attempt: "a"))
        while host.asked.isEmpty { await Task.yield() }
        for step in 2...9 { control.show(Double(step) / 10, note: nil, of: RunName(job: "j", attempt: "a")) }
        first.open()
        while host.asked.count < 2 { await Task.yield() }
        last.open()

        #expect(host.asked.map(\.body) == [#"{"fraction":0.1}"#, #"{"fraction":0.9}"#])
    }

    @Test @LoopActor func `unfinished pictures go one at a time, and one that is too large does not`() async throws {
        let first = Gate()
        let host = ScriptedControl { request in
            if request.target.hasSuffix("index=0") { await first.wait() }
            return Response(status: request.target.hasSuffix("index=1") ? 409 : 204)
        }
        let socket = try Served(host)
        let control = Control(path: socket.path)
        func show(_ index: Int, bytes: Int = 3) -> Task<Void, Never> {
            let partial = Artifact([UInt8](repeating: 65, count: bytes), type: "image/png", facts: ["width": 8])
            return Task { await control.show(partial, index: index, of: RunName(job: "j", attempt: "a")) }
        }

        let tasks = [show(0), show(1), show(2), show(3, bytes: Control.partialBytesMax + 1)]
        await tasks[3].value
        while host.asked.isEmpty { await Task.yield() }
        let atFirst = host.asked.count
        first.open()
        for task in tasks { await task.value }

        #expect(atFirst == 1)
        #expect(host.asked.map(\.line) == [0, 1, 2].map { "PUT /v1/jobs/j/partial?index=\($0)" })
        #expect(host.asked.allSatisfy { $0.body == "AAA" && $0.headers["Content-Type"] == "image/png" })
        #expect(host.asked.allSatisfy { $0.headers["Edge-Result"] == #"{"width":8}"# })
        #expect(host.asked.allSatisfy { $0.headers["Edge-Attempt-Id"] == "a" })
    }
}
