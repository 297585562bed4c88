// A board under test.
import Callers
import CivilTime
import Digest
import EdgeLoop
import JSON
import Retry
import TestSupport
import Testing

@testable import EdgeRuntime

/// A board over real files, with functions that a test plays.
@LoopActor
final class BoardBench {
    let folder = TemporaryFolder()
    let calls = PlayedCalls()
    let board: JobBoard
    let cache: ResultCache
    private let files: JobFiles
    let images: ImageFiles

    init(
        concurrency: Int = 4,
        perDay: Int = 0,
        attempts: Int = 3,
        perhapsPaid: JobSettings.PerhapsPaid = .retry,
        disk: FileCalls = .system,
        log: @escaping @LoopActor (String) -> Void = { Issue.record("\($0)") }
    ) async throws {
        let state = try await StateDirectory(path: folder.path, calls: disk)
        files = JobFiles(state: state)
        images = ImageFiles(state: state)
        cache = ResultCache(images: images, sizeMax: 1 << 30)
        board = JobBoard(
            files: files,
            calls: calls,
            finishing: JobFinish(files: files, images: images, cache: cache, log: log),
            log: log,
            jitter: { 0 }
        )
        var settings = JobSettings()
        settings.attempts = attempts
        settings.perhapsPaid = perhapsPaid
        settings.concurrency = concurrency
        settings.perDay = perDay
        board.configure("f", settings, cacheTTL: .seconds(3600))
    }

    static func key(_ text: String) -> String { AdmitAnswer.cacheKey(text, "f") }

    func ticket(key: String?, lanes: LaneSet = LaneSet([Lane(name: "f", price: nil)])) -> Ticket {
        Ticket(input: Array(#"{"prompt":"x"}"#.utf8), key: key.map(Self.key), lanes: lanes, isFresh: false)
    }

    func image(_ text: String, facts: JSONObject = [:]) async -> RunAnswer {
        do {
            let stored = try await images.put(Array(text.utf8), ext: "png")
            let record = ImageRecord(sha256: stored.sha256, type: "image/png", bytes: stored.bytes, width: 1, height: 1)
            var told: JSONObject = ["provider": "played"]
            for fact in facts.members { told[fact.key] = fact.value }
            return .made(
                StoredArtifacts(
                    result: JobResult(images: [record], facts: told),
                    leases: [stored.lease]
                )
            )
        } catch {
            return .unfinished(.failed(.unusableResult), RunNote(message: "\(error)", code: "x"))
        }
    }

    /// A job that no board knows.
    func queued() -> Job {
        let now = Timestamp.now()
        let id = UUIDText.version7()
        let generation = Generation(
            id: id,
            function: "f",
            ticket: ticket(key: "k"),
            created: now,
            deadline: now + .seconds(3600),
            retry: RetryDecision(attempts: 3),
            standing: board.standing(of: .local, arrived: now)
        )
        let job = Job(id: id, caller: .local, created: now, generation: generation)
        generation.jobs = [job]
        return job
    }

    /// Waits until `condition` holds, looking at each change of the job's work.
    func until(_ job: Job, _ condition: () -> Bool) async {
        while !condition() { _ = await job.generation.changes.wait() }
    }

    func ended(_ job: Job) async { await until(job) { job.state.isFinal } }

    /// Waits until the job has left memory: its end is on disk then.
    func gone(_ job: Job) async { await until(job) { board.job(job.id) == nil } }

    /// Waits until no job is unfinished.
    func idle() async {
        while let job = board.jobs.values.first { await gone(job) }
    }

    func stored(_ job: Job) async -> JSONObject? {
        await files.readDone(id: job.id).flatMap { try? JSONValue.parse($0).object }
    }

    /// Takes up what another host has left unfinished, as it would be at this one's start.
    func takeOver(from other: BoardBench) async throws -> [RecoveredJob] {
        for name in other.folder.names(in: "jobs/active") {
            folder.write(other.folder.read("jobs/active/\(name)"), to: "jobs/active/\(name)")
        }
        return try await files.load().map { stored in
            var job = try RecoveredJob(try Housekeeping.document(stored.document))
            job.markLostAttempt(now: .now())
            return job
        }
    }

    /// What a host that starts now on a copy of the active files would take up.
    func restarted() async throws -> [RecoveredJob] {
        let copy = TemporaryFolder()
        _ = try await StateDirectory(path: copy.path)
        let files = folder.names(in: "jobs/active")
        for name in files { copy.write(folder.read("jobs/active/\(name)"), to: "jobs/active/\(name)") }
        return try files.map { name in
            let document = try #require(try JSONValue.parse(copy.read("jobs/active/\(name)")).object)
            return try RecoveredJob(document)
        }
    }
}
