import Callers
import CivilTime
import EdgeLoop
import JSON
import Retry
import TestSupport
import Testing

@testable import EdgeRuntime

struct JobDocumentTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `a waiting job comes back from its file as it was`() throws {
        let generation = Self.generation()
        var attempt = Attempt(number: 1, id: "a1", started: Self.start)
        attempt.outcome = .deferred
        attempt.ended = Self.start + .seconds(1)
        attempt.status = 503
        attempt.error = "loading"
        generation.begin(attempt)
        generation.resumeState = Array(#"{"task":1}"#.utf8)
        generation.phase = .waiting(until: Self.start + .seconds(60))

        let recovered = try RecoveredJob(JobDocument.stored(Self.job(generation)))

        #expect(recovered.id == "j")
        #expect(recovered.ticket == generation.ticket)
        #expect(recovered.attempts == [attempt])
        #expect(recovered.due == Self.start + .seconds(60))
        #expect(recovered.resumeState == Array(#"{"task":1}"#.utf8))
        #expect(recovered.deadline == generation.deadline)
    }

    @Test @LoopActor func `an attempt without an end was lost with its host and is due at once`() throws {
        let generation = Self.generation()
        generation.begin(Attempt(number: 1, id: "a1", started: Self.start))
        generation.phase = .running

        var recovered = try RecoveredJob(JobDocument.stored(Self.job(generation)))
        recovered.markLostAttempt(now: Self.start + .seconds(9))

        #expect(recovered.attempts.map(\.outcome) == [.lost])
        #expect(recovered.attempts.map(\.isPerhapsPaid) == [true])
        #expect(recovered.due == nil)
    }

    @Test @LoopActor func `clients see neither input nor inner state, and URLs of the host they asked`() throws {
        let generation = Self.generation()
        generation.resumeState = Array("1".utf8)
        let image = ImageRecord(
            sha256: String(repeating: "a", count: 64),
            type: "image/png",
            bytes: 7,
            width: 8,
            height: 9
        )
        generation.phase = .done(
            .success(JobResult(images: [image], facts: ["provider": "sandbox", "seed": 5, "cost": 0]))
        )

        let shown = JobDocument.shown(JobDocument.stored(Self.job(generation)), base: "https://x.example")

        for key in ["input", "resumeState", "retry", "key", "generation"] {
            #expect(shown[key] == nil, "\(key) is shown")
        }
        #expect(shown["state"] == "succeeded")
        #expect(shown["seed"] == 5)
        #expect(shown["images"]?.array?.first?["url"]?.string == "https://x.example/images/\(image.fileName)")
        #expect(shown["error"] == .null)
    }

    @Test @LoopActor func `an hour of waits does not make the file grow without end`() throws {
        let generation = Self.generation()
        for number in 1...250 {
            var attempt = Attempt(number: number, id: "a\(number)", started: Self.start)
            attempt.outcome = .deferred
            generation.begin(attempt)
        }

        let stored = JobDocument.stored(Self.job(generation))

        #expect(stored["attempts"]?.array?.count == Generation.attemptsKept)
        #expect(stored["attemptsOmitted"] == 150)
        #expect(generation.nextAttemptNumber == 251)
    }

    @Test(
        "A file that is no job of this version says why",
        arguments: [
            ("{}", "version"), (#"{"version":2}"#, "version"), (#"{"version":1,"input":{}}"#, "id"),
            (#"{"version":1,"id":"x"}"#, "input"),
        ]
    )
    func unreadable(text: String, reason: String) throws {
        let object = try #require(try JSONValue.parse(text).object)

        do {
            _ = try RecoveredJob(object)
            Issue.record("it was read")
        } catch {
            #expect(error.reason.contains(reason))
        }
    }

    @Test func `runs of a day count each generation once, and each attempt after a failure`() throws {
        var runs = RunsOfToday(day: "2026-11-21")
        let failedTwice = #"[{"outcome":"failed"},{"outcome":"deferred"},{"outcome":"failed"}]"#
        for (generation, created, state, attempts) in [
            ("a", "2026-11-21T01:00:00.000Z", "succeeded", "[]"), ("a", "2026-11-21T01:00:01.000Z", "succeeded", "[]"),
            ("b", "2026-11-21T02:00:00.000Z", "failed", failedTwice),
            ("c", "2026-11-20T02:00:00.000Z", "failed", failedTwice),
        ] {
            let text =
                #"{"function":"f","generation":"\#(generation)","created":"\#(created)","state":"\#(state)","attempts":\#(attempts)}"#
            runs.count(try #require(try JSONValue.parse(text).object))
        }

        #expect(runs.found.count == 3)
    }

    private static let start = Timestamp(milliseconds: 1_795_262_400_000)

    @LoopActor private static func generation() -> Generation {
        let ticket = Ticket(
            input: Array(#"{"prompt":"x"}"#.utf8),
            key: "k",
            lanes: LaneSet([Lane(name: "hf", price: 1900)]),
            isFresh: false
        )
        return Generation(
            id: "g",
            function: "f",
            ticket: ticket,
            created: start,
            deadline: start + .seconds(3600),
            retry: RetryDecision(),
            standing: Standing(tier: .free, user: QueueUser(.local), startBy: start + .seconds(300))
        )
    }

    @LoopActor private static func job(_ generation: Generation) -> Job {
        let job = Job(id: "j", caller: .local, created: start, generation: generation)
        generation.jobs = [job]
        return job
    }
}
