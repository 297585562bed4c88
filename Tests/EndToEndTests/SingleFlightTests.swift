// Equal requests at once: one call of the provider, an answer for each.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct SingleFlightTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `twenty equal requests at once make one upstream call and twenty answers`() async throws {
        let gate = Gate()
        let upstream = try HuggingFaceScript([.held(gate)])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            var probes: [HTTPProbe] = []
            for _ in 0..<20 {
                let probe = try await host.connect()
                probe.request("POST", "/generate", body: Array(#"{"prompt":"a fox"}"#.utf8))
                probes.append(probe)
            }
            try await upstream.called(1)
            gate.open()
            for probe in probes {
                let answer = try await probe.answer()
                #expect(answer.status == 200)
                #expect(answer.content == HuggingFaceScript.content("a fox"))
                probe.leave()
            }

            #expect(upstream.calls == 1)
        }
    }

    @Test @LoopActor func `when the first client leaves, the others still get theirs from the same call`() async throws
    {
        let gate = Gate()
        let upstream = try HuggingFaceScript([.held(gate)])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let first = try await host.connect()
            first.request("POST", "/generate", body: Array(#"{"prompt":"a fox"}"#.utf8))
            try await upstream.called(1)
            let id = try await host.accepted("a fox")
            let third = try await host.connect()
            third.request("POST", "/generate", body: Array(#"{"prompt":"a fox"}"#.utf8))
            first.leave()
            _ = try await host.get("/healthz")
            gate.open()

            #expect(try await third.answer().content == HuggingFaceScript.content("a fox"))
            #expect(try await host.finished(id)["state"] == "succeeded")
            #expect(upstream.calls == 1)
            third.leave()
        }
    }

    @Test @LoopActor func `a client that only half-closes still gets its answer`() async throws {
        let gate = Gate()
        let upstream = try HuggingFaceScript([.held(gate)])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let probe = try await host.connect()
            probe.request("POST", "/generate", body: Array(#"{"prompt":"a fox"}"#.utf8))
            try await probe.finishSending()
            try await upstream.called(1)
            gate.open()
            let answer = try await probe.finalAnswer()

            #expect(answer.content == HuggingFaceScript.content("a fox"), "\(answer.status) \(answer.text.prefix(300))")
        }
    }

    @Test @LoopActor func `cancelling one follower leaves the others theirs`() async throws {
        let gate = Gate()
        let upstream = try HuggingFaceScript([.held(gate)])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let first = try await host.accepted("a fox")
            let second = try await host.accepted("a fox")
            try await upstream.called(1)
            let canceled = try await host.delete("/status/\(first)")
            gate.open()
            let done = try await host.finished(second)

            #expect(first != second)
            #expect(canceled.status == 200)
            #expect(canceled.json["state"] == "canceled")
            #expect(done["state"] == "succeeded")
            #expect(try await host.finished(first)["state"] == "canceled")
            #expect(upstream.calls == 1)
        }
    }

    @Test @LoopActor func `cancelling the last follower ends the call of the provider`() async throws {
        let gate = Gate()
        let upstream = try HuggingFaceScript([.held(gate)])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let id = try await host.accepted("a fox")
            try await upstream.called(1)
            let connection = try #require(upstream.images.first?.connection)
            let canceled = try await host.delete("/functions/v1/status/\(id)")
            try await upstream.upstream.connectionEnded(connection)
            let again = try await host.generate("a fox")

            #expect(canceled.json["state"] == "canceled")
            #expect(try await host.finished(id)["state"] == "canceled")
            #expect(again.status == 200, "a cancelled job is no answer for those who ask later")
            #expect(upstream.calls == 2)
        }
    }

    @Test @LoopActor func `a removed job is gone, and its image when nothing else refers to it`() async throws {
        let upstream = try HuggingFaceScript()
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let first = try await host.accepted("a fox")
            let document = try await host.finished(first)
            let second = try await host.accepted(["prompt": "a fox", "fresh": true])
            _ = try await host.finished(second)
            let url = try #require(document["images"]?.array?.first?["url"]?.string)
            let image = String(url[try #require(url.firstRange(of: "/images/")).lowerBound...])
            let removed = try await host.delete("/status/\(first)")
            let kept = try await host.get(image)
            let last = try await host.delete("/status/\(second)")

            #expect([200, 204].contains(removed.status))
            expectProblem(try await host.get("/status/\(first)"), 404)
            #expect(kept.status == 200, "the second job still refers to it")
            #expect([200, 204].contains(last.status))
            expectProblem(try await host.get(image), 404)
            expectProblem(try await host.delete("/status/\(first)"), 404)
        }
    }
}
