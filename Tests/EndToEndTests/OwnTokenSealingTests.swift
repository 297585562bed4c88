// Callers' own tokens on disk: under a key, a new key, a wrong one, and none.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct OwnTokenSealingTests: OwnTokenSuite {
    init() { TestLoop.start() }

    @Test @LoopActor func `after a crash a job goes on with the same token, which is sealed again under a new key`()
        async throws
    {
        let gate = Gate()
        let runware = try RunwareScript { number, _ in number == 1 ? .held(gate) : .normal }
        runware.keys = [RunwareScript.key, Self.ann]
        try await withEdge(options(runware.environment)) { host in
            let ann = try await caller(host, "ann")
            _ = try await put(host, ann, Self.ann)
            let answer = try await host.generate(["prompt": "owl"], ann + [("Prefer", "respond-async")])
            let id = try #require(answer.json["id"]?.string)
            try await runware.called(1)
            try await host.kill()
            #expect(!everything(host).contains(Self.ann))
            gate.open()
            host.options.environment.removeAll { $0.name == "EDGE_TOKEN_KEY" }
            host.options.environment.append(("EDGE_TOKEN_KEY", "\(Self.newSealing) \(Self.sealing)"))
            try await host.start()

            #expect(try await host.finished(id)["state"] == "succeeded")
            #expect(host.said.contains("sealed 1 callers' tokens"))
            host.options.environment.removeAll { $0.name == "EDGE_TOKEN_KEY" }
            host.options.environment.append(("EDGE_TOKEN_KEY", Self.newSealing))
            try await host.restart()
            #expect(try await host.generate(["prompt": "another owl"], ann).status == 200)

            #expect(Set(runware.sentKeys) == [Self.ann] && runware.questionKeys == [Self.ann])
            #expect(!everything(host).contains(Self.ann))
            #expect(!everything(host).contains(Self.sealing) && !everything(host).contains(Self.newSealing))
        }
    }

    @Test @LoopActor func `without a sealing key tokens are in memory alone, which the start says`() async throws {
        let runware = try runware()
        try await withEdge(options(runware.environment, sealing: nil)) { host in
            let ann = try await caller(host, "ann")
            #expect(host.said.contains("in memory only"))
            #expect(try await put(host, ann, Self.ann).json["kept"] == "memory")
            #expect(try await host.generate(["prompt": "an owl"], ann).status == 200)
            #expect(!everything(host).contains(Self.ann))

            try await host.restart()

            #expect(try await list(host, ann).json["tokens"] == [])
            #expect(try await host.generate(["prompt": "a second owl"], ann).status == 200)
            #expect(runware.sentKeys == [Self.ann, RunwareScript.key])
        }
    }

    @Test @LoopActor func `with a wrong sealing key the start says so, and the caller is told to set the token again`()
        async throws
    {
        let runware = try runware()
        try await withEdge(options(runware.environment)) { host in
            let ann = try await caller(host, "ann")
            _ = try await put(host, ann, Self.ann)
            try await host.kill()
            host.options.environment.removeAll { $0.name == "EDGE_TOKEN_KEY" }
            host.options.environment.append(("EDGE_TOKEN_KEY", Self.newSealing))
            try await host.start()

            #expect(host.said.contains("1 of 1 callers' tokens cannot be opened"))
            let shown = try await host.get("/functions/v1/tokens/runware", ann)
            #expect(shown.json["problem"]?.string?.contains("set it again") == true)
            #expect(try await put(host, ann, Self.ann).status == 200)
            #expect(try await host.generate(["prompt": "an owl"], ann).status == 200)
            #expect(runware.sentKeys == [Self.ann])
        }
    }

    @Test @LoopActor func `a host that cannot read the tokens does not start, and the jobs that need them stay`()
        async throws
    {
        let gate = Gate()
        let runware = try RunwareScript(then: .held(gate))
        runware.keys = [RunwareScript.key, Self.ann]
        try await withEdge(options(runware.environment)) { host in
            let ann = try await caller(host, "ann")
            _ = try await put(host, ann, Self.ann)
            _ = try await host.generate(["prompt": "owl"], ann + [("Prefer", "respond-async")])
            try await runware.called(1)
            try await host.kill()
            gate.open()
            // The command is the last to close the database, which leaves one file. A column of the tokens has another name then.
            _ = try await runEdge(["usage", "--state", host.state], in: host.folder)
            let path = "\(host.state)/edge.sqlite"
            let column = try #require(fileBytes(path)?.firstRange(of: Array("box TEXT".utf8)))
            damageFile(path, at: column.lowerBound)
            let before = host.said
            try host.launch()
            #expect(try await host.ended() == .exited(1))

            let said = host.said.dropFirst(before.count)
            #expect(said.contains("callers' own tokens cannot be read") && said.contains("edge.sqlite"), "\(said)")
            #expect(host.activeJobs.count == 1 && host.doneJobs.isEmpty)
        }
    }

    @Test @LoopActor func `a sealing key that is none stops the start with the name and the place of it`() async throws
    {
        let host = EdgeHost(options([], sealing: "notTheRightLength"))
        try host.launch()

        #expect(try await host.ended() == .exited(1))
        #expect(host.said.contains("EDGE_TOKEN_KEY is not 32 bytes") && host.said.contains("process environment"))
        #expect(!host.said.contains("notTheRightLength"))
    }
}
