import EdgeHTTP
import EdgeLoop
import Glibc
import JSON
import Retry
import TestSupport
import Testing

@testable import EdgeRuntime

/// What functions say of their runs on the control socket.
struct ControlFrontTests {
    init() { TestLoop.start() }

    /// The control socket of an isolate that has the calls `calls`.
    @LoopActor
    private func control(of bench: BoardBench, calls: Set<String>) -> ControlFront {
        let access = JobAccess(
            board: bench.board,
            files: bench.board.files,
            finishing: bench.board.finishing,
            events: JobEvents(board: bench.board)
        )
        return ControlFront(
            function: "f",
            hasCall: { calls.contains($0) },
            jobs: access,
            grants: { [] },
            service: { [:] },
            log: LogWriter(descriptor: STDERR_FILENO, form: .text)
        )
    }

    @LoopActor
    private func put(
        _ body: String,
        _ what: String,
        _ attempt: String?,
        of job: Job,
        at control: ControlFront
    ) async
        -> Int
    {
        let headers: HTTPHeaders = attempt.map { ["Edge-Attempt-Id": $0] } ?? [:]
        let request = HTTPRequest(
            method: "PUT",
            target: "/v1/jobs/\(job.id)/\(what)",
            headers: headers,
            body: HTTPBodyReader(Array(body.utf8))
        )
        return await control.answer(request).status
    }

    @LoopActor
    private func running() async throws -> (bench: BoardBench, job: Job) {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in
            try? await sleep(for: .seconds(3600))
            return .unfinished(.failed(.timedOut), RunNote(message: "", code: ""))
        }
        let job = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        await bench.calls.begun(1)
        return (bench, job)
    }

    @Test @LoopActor func `a state is taken of the attempt that runs, and of no earlier one`() async throws {
        let (bench, job) = try await running()
        let control = control(of: bench, calls: [job.id])
        let attempt = try #require(job.generation.attempts.last?.id)

        #expect(await put(#"{"task":1}"#, "state", attempt, of: job, at: control) == 204)
        #expect(await put(#"{"task":2}"#, "state", "an-earlier-one", of: job, at: control) == 409)
        #expect(await put(#"{"fraction":0.5}"#, "progress", "an-earlier-one", of: job, at: control) == 409)

        #expect(job.generation.resumeState == Array(#"{"task":1}"#.utf8))
        #expect(job.generation.progress == nil)
        bench.board.abandon()
    }

    @Test @LoopActor func `a function that names no attempt is believed where its own process has the run`()
        async throws
    {
        let (bench, job) = try await running()
        let attempt = try #require(job.generation.attempts.last?.id)
        let earlier = control(of: bench, calls: [])

        #expect(await put(#"{"task":1}"#, "state", nil, of: job, at: control(of: bench, calls: [job.id])) == 204)
        #expect(await put(#"{"task":2}"#, "state", nil, of: job, at: earlier) == 404)
        #expect(await put(#"{"task":2}"#, "state", attempt, of: job, at: earlier) == 404)
        #expect(await put(#"{"fraction":0.5}"#, "progress", nil, of: job, at: earlier) == 404)

        #expect(job.generation.resumeState == Array(#"{"task":1}"#.utf8))
        #expect(job.generation.progress == nil)
        bench.board.abandon()
    }
}
