import CivilTime
import JSON
import Retry
import Testing

@testable import EdgeRuntime

struct RunReadingTests {
    @Test func `a cold start of which nobody knows how long it takes is a wait, any other silent 503 a failure`() {
        let now = Timestamp(milliseconds: 0)
        let loading = Array(#"{"loading":true,"detail":"it wakes"}"#.utf8)

        let cold = RunReading.unfinished(status: 503, retryAfter: nil, body: loading, now: now)
        let broken = RunReading.unfinished(status: 503, retryAfter: nil, body: [], now: now)

        #expect(cold.0 == .limited(status: 503, after: nil, estimate: nil))
        #expect(broken.0 == .failed(.status(503)))
        #expect(cold.1.state == nil)
    }

    @Test("A 2xx that brings no artifact is a failed attempt", arguments: [201, 204, 206])
    func empty(status: Int) {
        let (outcome, _) = RunReading.unfinished(status: status, retryAfter: nil, body: [], now: now)

        #expect(outcome == .failed(.unusableResult))
    }

    private let now = Timestamp(milliseconds: 1_700_000_000_000)

    @Test func `a 202 keeps the function's state for its next run`() {
        let body = Array(#"{"state":{"task":"t1"}}"#.utf8)

        let (outcome, note) = RunReading.unfinished(status: 202, retryAfter: "3", body: body, now: now)

        #expect(outcome == .notReady(after: .seconds(3)))
        #expect(note.state == Array(#"{"task":"t1"}"#.utf8))
    }

    @Test func `a loading model tells its estimate and its sentence`() {
        let body = Array(#"{"error":"Model x is loading","estimate":20.0}"#.utf8)

        let (outcome, note) = RunReading.unfinished(status: 503, retryAfter: nil, body: body, now: now)

        #expect(outcome == .limited(status: 503, after: nil, estimate: 20))
        #expect(note.message == "Model x is loading")
        #expect(note.state == nil)
    }

    @Test func `a final answer's problem document becomes the job's error`() {
        let body = Array(
            #"{"status":401,"code":"token_refused","detail":"Make a new token.","type":"about:blank"}"#.utf8
        )

        let (outcome, note) = RunReading.unfinished(status: 401, retryAfter: nil, body: body, now: now)
        let failure = JobFailure(.final(status: 401), note)

        #expect(outcome == .final(status: 401))
        #expect(
            failure
                == JobFailure(
                    status: 401,
                    code: "token_refused",
                    message: "Make a new token.",
                    details: ["type": "about:blank"]
                )
        )
    }

    @Test func `a state beyond its limit is a failure that names the limit`() {
        let state = String(repeating: "x", count: RunReading.stateBytesMax)
        let (outcome, note) = RunReading.unfinished(
            status: 202,
            retryAfter: "1",
            body: Array("{\"state\":\"\(state)\"}".utf8),
            now: now
        )

        #expect(outcome == .failed(.unusableResult))
        #expect(note.message.contains("16384"))
    }

    @Test func `garbage is a failed attempt`() {
        let (outcome, _) = RunReading.unfinished(status: 500, retryAfter: nil, body: [0xff, 0x00], now: now)

        #expect(outcome == .failed(.status(500)))
    }

    @Test func `a wait beyond the deadline tells when to come back`() {
        let note = RunNote(status: 429, message: "Slow down.", code: "limit")
        let failure = JobFailure(.deadline(status: 429, retryAfter: .seconds(86_400)), note)

        #expect(failure.status == 429)
        #expect(failure.retryAfter == 86_400)
    }
}
