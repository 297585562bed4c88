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
            images: bench.images,
            grants: { [] },
            service: { [:] },
            log: LogWriter(descriptor: STDERR_FILENO, form: .text),
            refused: { _ in }
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

    @LoopActor
    private func show(
        _ picture: [UInt8],
        index: Int = 0,
        type: String = "image/png",
        _ attempt: String? = nil,
        of job: Job,
        at control: ControlFront
    ) async -> Int {
        var headers: HTTPHeaders = ["Content-Type": type, "Edge-Result": #"{"width":8,"quality":"low"}"#]
        if let attempt { headers.add("Edge-Attempt-Id", attempt) }
        let request = HTTPRequest(
            method: "PUT",
            target: "/v1/jobs/\(job.id)/partial?index=\(index)",
            headers: headers,
            body: HTTPBodyReader(picture)
        )
        return await control.answer(request).status
    }

    @Test @LoopActor func `an unfinished picture is taken while somebody would see it, and not more than asked for`()
        async throws
    {
        let (bench, job) = try await running()
        let control = control(of: bench, calls: [job.id])
        let picture = TestPicture.png("unfinished")
        let unwanted = await show(picture, of: job, at: control)
        var seen: [Int] = []
        let onlooker = PartialOnlooker(wanted: 2) { seen.append($0.index) }
        job.generation.watch(onlooker)

        let statuses = [
            await show(picture, type: "video/mp4", of: job, at: control),
            await show([], of: job, at: control),
            await show(picture, "an earlier one", of: job, at: control),
            await show(picture, index: 4, of: job, at: control),
            await show(picture, index: 5, of: job, at: control),
            await show(picture, index: 6, of: job, at: control),
        ]
        var late: [PartialPicture] = []
        let latecomer = PartialOnlooker(wanted: 3) { late.append($0) }
        job.generation.watch(latecomer)
        job.generation.forget(onlooker)
        let more = await show(picture, index: 6, of: job, at: control)
        job.generation.forget(latecomer)
        let tooLate = await show(picture, index: 7, of: job, at: control)

        #expect(more == 204 && tooLate == 409)
        #expect(unwanted == 409)
        #expect(statuses == [415, 400, 409, 204, 204, 409])
        #expect(seen == [4, 5])
        #expect(late.map(\.index) == [4, 5, 6])
        #expect(job.generation.partials == nil, "nothing stays open for nobody")
        #expect(late.first?.width == 8 && late.first?.quality == "low" && late.first?.type == "image/png")
        #expect(late.first?.image.bytes == picture.count)
        #expect(filesIn("\(bench.folder.path)/jobs/tmp").isEmpty)
    }

    @Test @LoopActor func `each run is told how many more somebody would see, and its pictures go with it`()
        async throws
    {
        let bench = try await BoardBench()
        var asked: [Int?] = []
        var seen: [Int] = []
        var late: [Int] = []
        let onlooker = PartialOnlooker(wanted: 2) { seen.append($0.index) }
        let latecomer = PartialOnlooker(wanted: 1) { late.append($0.index) }
        bench.calls.answer = { [self] generation, attempt in
            asked.append(generation.partials?.toAsk)
            guard let job = generation.jobs.first else { return await bench.image("a") }
            let control = control(of: bench, calls: [job.id])
            let picture = TestPicture.png("unfinished")
            switch attempt.number {
            case 1:
                _ = await show(picture, index: 7, attempt.id, of: job, at: control)
            case 2:
                generation.watch(latecomer)  // sees nothing of the run that failed
                _ = await show(picture, index: 8, attempt.id, of: job, at: control)
                generation.forget(onlooker)
                generation.forget(latecomer)
            default: return await bench.image("a")
            }
            return .unfinished(.failed(.status(502)), RunNote(status: 502, message: "boom", code: "x"))
        }

        let job = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true, onlooker: onlooker)
        await bench.gone(job)

        #expect(asked == [2, 1, nil])
        #expect(seen == [7, 8] && late == [8])
        #expect(job.generation.partials == nil)
    }

    @Test @LoopActor func `where an unsafe picture may not be shown, no unfinished one is`() async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in
            try? await sleep(for: .seconds(3600))
            return .unfinished(.failed(.timedOut), RunNote(message: "", code: ""))
        }
        var ticket = bench.ticket(key: "k")
        ticket.refusesNSFW = true
        let job = try await bench.board.accept(
            ticket,
            for: "f",
            needsFile: true,
            onlooker: PartialOnlooker(wanted: 3) { _ in }
        )
        await bench.calls.begun(1)
        let control = control(of: bench, calls: [job.id])

        #expect(job.generation.partials == nil)
        #expect(await show(TestPicture.png("unfinished"), of: job, at: control) == 409)
    }
}
