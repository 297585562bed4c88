// Whose job it is: cancel and delete by those who made it.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct JobOwnerTests {
    init() { TestLoop.start() }

    /// A new key, once the host knows it.
    @LoopActor
    private func key(_ host: EdgeHost, _ name: String, _ more: String...) async throws -> String {
        let arguments = ["keys", "create", "--name", name, "--state", host.state] + more
        let made = try await runEdge(arguments, in: host.folder)
        let key = made.output.split(separator: "\n").first.map(String.init) ?? ""
        try await eventually(
            "the host to know \(name)",
            asking: { try await host.get("/functions/v1/status", [("x-api-key", key)]).status == 200 }
        )
        return key
    }

    @LoopActor
    private func delete(_ host: EdgeHost, _ id: String, _ key: String? = nil, user: String? = nil) async throws -> Int {
        let headers = [("x-api-key", key), ("Edge-User", user)].compactMap { name, value in value.map { (name, $0) } }
        return try await host.ask("DELETE", "/functions/v1/status/\(id)", headers).status
    }

    @LoopActor
    private func accepted(
        _ host: EdgeHost,
        _ prompt: String,
        _ key: String? = nil,
        user: String? = nil
    ) async throws -> String {
        let headers = [("x-api-key", key), ("Edge-User", user), ("Prefer", "respond-async")]
            .compactMap { name, value in value.map { (name, $0) } }
        let answer = try await host.generate(["prompt": .string(prompt), "width": 64, "height": 64], headers)
        return try #require(answer.json["id"]?.string, "\(answer.text)")
    }

    @Test @LoopActor
    func `a known caller's job is canceled and removed by that caller or an operator, and by nobody else`()
        async throws
    {
        try await withEdge(EdgeOptions(environment: [("EDGE_SANDBOX_LOAD", "600")])) { host in
            let app = try await key(host, "app", "--tier", "pro")
            let other = try await key(host, "other", "--tier", "pro")
            let ops = try await key(host, "ops", "--role", "operator")
            let own = try await accepted(host, "own", app)
            let watched = try await accepted(host, "watched", app)
            let nobodys = try await accepted(host, "nobody's")

            for stranger in [nil, other] {
                #expect(try await delete(host, own, stranger) == 403)
                #expect(try await host.job(own)["state"] != "canceled", "whoever has the id may read")
            }
            let told = try await host.ask("DELETE", "/status/\(own)")
            expectProblem(told, 403, naming: ["known caller", "key"])
            #expect(try await delete(host, own, app) == 200)
            #expect(try await host.job(own)["state"] == "canceled")
            #expect(try await delete(host, own) == 403, "it has ended, and is still not anybody's")
            #expect(try await delete(host, own, app) == 204)
            #expect(try await delete(host, own, app) == 404)
            #expect(try await delete(host, watched, ops) == 200)
            #expect(try await delete(host, watched, ops) == 204)
            #expect(try await delete(host, nobodys) == 200, "a stranger's is anybody's who knows the id")
            #expect(try await delete(host, nobodys, other) == 204)
            #expect(try await host.generate(["prompt": "x"], [("x-api-key", ops)]).status == 401, "it makes nothing")
        }
    }

    @Test @LoopActor func `a job for an end user is that user's, also after a restart`() async throws {
        try await withEdge { host in
            let bot = try await key(host, "bot", "--tier", "premium", "--on-behalf")
            let id = try await accepted(host, "for ann", bot, user: "ann")
            _ = try await host.finished(id)
            try await eventually("its end on disk") { host.doneJobs[id] != nil }
            try await host.restart()

            #expect(try await delete(host, id, bot, user: "bob") == 403)
            #expect(try await delete(host, id, bot) == 403)
            #expect(try await host.ask("DELETE", "/status/\(id)", [("Edge-User", "ann")]).status == 403)
            #expect(
                try await host.ask("DELETE", "/status/\(id)", [("Edge-Caller", "operator:x")]).status == 403,
                "what a client says of itself goes no further than the host"
            )
            #expect(try await delete(host, id, bot, user: "ann") == 204)
        }
    }

    @Test @LoopActor func `jobs are listed by the end user, and by the caller that the log names`() async throws {
        try await withEdge { host in
            let bot = try await key(host, "bot", "--tier", "premium", "--on-behalf")
            let anns = try await accepted(host, "for ann", bot, user: "ann")
            let bobs = try await accepted(host, "for bob", bot, user: "bob")
            let nobodys = try await accepted(host, "for nobody")
            for id in [anns, bobs, nobodys] { _ = try await host.finished(id) }
            try await eventually("their ends on disk") { host.doneJobs.count == 3 }
            let caller = try #require(host.doneJobs[anns]?["caller"]?["id"]?.string)

            #expect(try await listed(host, "ann") == [anns])
            #expect(try await listed(host, caller) == [anns, bobs])
            #expect(try await listed(host, "nobody") == [])
        }
    }

    @LoopActor
    private func listed(_ host: EdgeHost, _ user: String) async throws -> Set<String> {
        let arguments = ["jobs", "list", "--json", "--user", user, "--state-dir", host.state]
        let result = try await runEdge(arguments, in: host.folder)
        return Set((try JSONValue.parse(result.output)["jobs"]?.array ?? []).compactMap { $0["id"]?.string })
    }
}
