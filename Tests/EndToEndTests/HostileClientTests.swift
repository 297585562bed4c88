// Clients that are slow, large, broken or many. None of them ends the host or harms another.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct HostileClientTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `a head that drips in is given up after its time`() async throws {
        try await withEdge { host in
            let begin = ContinuousClock.now
            let probe = try await host.connect()
            probe.send("GET /healthz HTTP/1.1\r\nHost: h\r\n")
            let drip = LoopTimer(after: .milliseconds(500), every: .milliseconds(500)) { probe.send("X-Slow: 1\r\n") }
            defer { drip.cancel() }
            try await probe.closed()

            #expect(ContinuousClock.now - begin >= .seconds(8))
            #expect(try await host.get("/healthz").status == 200)
        }
    }

    @Test @LoopActor func `garbage, twisted heads and oversized heads are refused, and the connection closed`()
        async throws
    {
        let rows: [(String, String, status: Int)] = [
            ("garbage", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n", 400), ("no version", "GET /healthz\r\n\r\n", 400),
            (
                "two lengths",
                "POST /generate HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400
            ),
            (
                "length and chunked",
                "POST /generate HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                400
            ),
            ("space before colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400),
            ("folded", "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400),
            ("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            ("no host", "GET / HTTP/1.1\r\n\r\n", 400),
            ("bad chunk", "POST /generate HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
            ("large head", "GET / HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "x", count: 20_000))\r\n\r\n", 431),
            ("NUL", "GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", 400),
        ]
        try await withEdge { host in
            for row in rows {
                let probe = try await host.connect()
                probe.send(row.1)
                let answer = try await probe.answer()
                expectProblem(answer, row.status, row.0)
                try await probe.closed()
            }
            #expect(try await host.get("/healthz").status == 200)
        }
    }

    @Test @LoopActor func `a thousand connections at once are all answered`() async throws {
        try await withEdge { host in
            let port = host.port
            var probes: [HTTPProbe] = []
            // Each asks as soon as it is there: a connection that says nothing is closed after some seconds.
            for _ in 0..<1000 {
                let probe = try await HTTPProbe(port: port)
                probe.request("GET", "/healthz")
                probes.append(probe)
            }
            var answered = 0
            for _ in 0..<2 {
                for probe in probes where try await probe.answer().status == 200 { answered += 1 }
                for probe in probes { probe.request("GET", "/readyz") }
            }
            for probe in probes { probe.leave() }

            #expect(answered == 2000)
            #expect(try await host.generate(["prompt": "a fox", "width": 64, "height": 64]).status == 200)
        }
    }

    @Test @LoopActor func `pipelined requests are answered in their order`() async throws {
        try await withEdge { host in
            let probe = try await host.connect()
            probe.request("GET", "/generate?prompt=a+fox&width=64&height=64")
            probe.request("GET", "/healthz")
            probe.request("GET", "/functions/v1/none")
            let answers = [try await probe.answer(), try await probe.answer(), try await probe.answer()]

            #expect(answers.map(\.status) == [200, 200, 404])
            #expect(answers[0].pngSize != nil)
            probe.leave()
        }
    }

    @Test @LoopActor
    func `a body that is waited for is asked for, and one that is too large is refused before it is sent`() async throws
    {
        try await withEdge { host in
            let body = Array(#"{"prompt":"a fox","width":64,"height":64}"#.utf8)
            let polite = try await host.connect()
            polite.send(
                "POST /generate HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: \(body.count)\r\n\r\n"
            )
            let goOn = try await polite.answer()
            polite.send(body)
            let answer = try await polite.answer()
            let large = try await host.connect()
            large.send(
                "POST /generate HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n"
            )
            let refused = try await large.answer()

            #expect(goOn.status == 100)
            #expect(answer.status == 200)
            expectProblem(refused, 413)
            polite.leave()
            large.leave()
        }
    }

    @Test @LoopActor func `clients that come and go in the middle of everything leave the host as it was`() async throws
    {
        let upstream = try HuggingFaceScript(then: .drip(40, every: .milliseconds(2)))
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let text = Array(
                "POST /generate HTTP/1.1\r\nHost: h\r\nContent-Length: 18\r\n\r\n{\"prompt\":\"a fox\"}".utf8
            )
            for cut in stride(from: 0, through: text.count, by: 5) {
                let probe = try await host.connect()
                probe.send(Array(text[..<cut]))
                try await probe.sent()
                probe.leave()
            }
            let answer = try await host.generate("a fox")

            #expect(answer.status == 200)
            #expect(try await host.get("/readyz").status == 200)
        }
    }
}
