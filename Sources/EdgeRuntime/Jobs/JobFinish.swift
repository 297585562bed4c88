// What is done with a job that has ended: its file moves, its result is kept.
internal import CivilTime
internal import EdgeLoop
internal import JSON

/// Writes ends to disk and results to the cache, and keeps count of who refers to which image.
@LoopActor
final class JobFinish {
    private let files: JobFiles
    private let images: ImageFiles
    private let cache: ResultCache
    private let log: @LoopActor (String) -> Void
    /// The keys that came with the requests of jobs, for as long as these are kept.
    let idempotency: IdempotencyIndex
    private(set) var resultSizes = ResultSizes()
    /// What may be removed one day.
    var kept = KeptJobs()
    /// Told of each document in `done/` whose job has a webhook.
    var onEnded: @LoopActor (JSONObject) -> Void = { _ in }

    init(
        files: JobFiles,
        images: ImageFiles,
        cache: ResultCache,
        idempotency: IdempotencyIndex = IdempotencyIndex(),
        log: @escaping @LoopActor (String) -> Void
    ) {
        self.idempotency = idempotency
        self.files = files
        self.images = images
        self.cache = cache
        self.log = log
    }

    /// Refers to a generation's images for each of its jobs, so that they stay when the artifacts' own hold ends.
    func hold(_ artifacts: StoredArtifacts, for generation: Generation) {
        resultSizes.note(artifacts.result.images.reduce(0) { $0 + $1.bytes })
        for job in generation.jobs { retain(artifacts.result, by: job.id) }
        retain(artifacts.result, by: generation.id)
    }

    /// Moves the job's file to `done/`.
    /// - Throws: what failed; then the job is still in `active/`, and this may be called again.
    func finish(_ job: Job) async throws(StateError) {
        if case .done(.success(let result)) = job.generation.phase, job.canceledAt == nil { retain(result, by: job.id) }
        retain(job.generation.ticket.inputs.records, by: job.id)
        let document = JobDocument.stored(job)
        let text = document.encoded()
        try await files.finish(id: job.id, document: text, day: Timestamp.now().day)
        keep(document, id: job.id, bytes: text.count)
        if job.webhook != nil { onEnded(document) }
    }

    /// Ends the references of followers that had no file: nobody can ask for them any more.
    func letGo(_ generation: Generation) {
        guard case .done(.success(let result)) = generation.phase else { return }
        for job in generation.jobs where !job.hasFile { release(result, by: job.id) }
        if !generation.jobs.contains(where: { $0.id == generation.id }) { release(result, by: generation.id) }
    }

    /// Says that another result will take the place of the one that is kept.
    func outdate(_ generation: Generation) {
        if let key = generation.ticket.key { cache.onRemoved(key) }
    }

    /// Keeps the result by its cache key, if the function has a cache.
    func remember(_ result: JobResult, of generation: Generation, ttl: Duration?) async {
        guard let key = generation.ticket.key, let ttl else { return }
        do {
            try await cache.insert(key: key, entry: CacheEntry(result, job: generation.id, made: .now()), ttl: ttl)
        } catch {
            log("job \(generation.id): its result could not be cached: \(error)")
        }
    }

    /// The result of a job that had one before the host died, by what the cache tells; nil: the cache has another one or none.
    func kept(of job: RecoveredJob) async -> EndedGeneration? {
        guard let key = job.ticket.key, let entry = await cache.peek(key: key), entry.job == job.generation else {
            return nil
        }
        return EndedGeneration(result: .success(entry.result), attempts: nil)
    }

    /// Whether all that a generation made can still be read.
    func isWhole(_ ended: EndedGeneration) async -> Bool {
        guard case .success(let result) = ended.result else { return true }
        for image in result.images {
            guard let name = image.name, (try? await images.open(name)) != nil else { return false }
        }
        return true
    }

    /// Whether an image of a result is missing or damaged. One that cannot be looked at now may be sound: it is paid for.
    func hasLost(_ result: JobResult) async -> Bool {
        for name in result.images.compactMap(\.name) {
            do { if try await images.open(name) == nil { return true } } catch {}
        }
        return false
    }

    /// Takes up the references and the key of a job that an earlier host left.
    func adopt(_ stored: JSONObject, id: String) {
        if let mark = IdempotencyMark(in: stored), let job = JobKey(id) { idempotency.note(mark, of: job) }
        retain(JobDocument.pictures(in: stored), by: id)
    }

    /// Says that a finished job is on disk, to be removed in its time.
    /// - Parameter day: the folder of a file that an earlier host left.
    func keep(_ stored: JSONObject, id: String, bytes: Int, day: String? = nil) {
        if let job = KeptJob(stored, id: id, bytes: bytes, day: day) { kept.insert(job) }
    }

    /// A finished job does not name its images any more.
    func letGoImages(_ stored: JSONObject, id: String) { release(JobDocument.pictures(in: stored), by: id) }

    /// A finished job is gone: its images go when nothing else refers to them. Its owner wants them gone, so the cache entry that
    /// this job made goes too.
    func removed(_ stored: JSONObject, id: String) async {
        if let key = stored["key"]?.string, await cache.peek(key: key)?.job == id { await cache.remove(key: key) }
        expired(stored, id: id)
    }

    /// A finished job is too old to be kept: its cache entry stays.
    func expired(_ stored: JSONObject, id: String) {
        forgetKey(stored, id)
        release(JobDocument.pictures(in: stored), by: id)
        if let job = KeptJob(stored, id: id, bytes: 0) { kept.remove(job.key, finished: job.finished) }
    }

    private func forgetKey(_ stored: JSONObject, _ id: String) {
        if let mark = IdempotencyMark(in: stored), let job = JobKey(id) { idempotency.forget(mark, of: job) }
    }

    private func retain(_ result: JobResult, by holder: String) { retain(result.images, by: holder) }

    private func retain(_ records: [ImageRecord], by holder: String) {
        for name in records.compactMap(\.name) { images.retain(name, by: holder) }
    }

    private func release(_ result: JobResult, by holder: String) { release(result.images, by: holder) }

    private func release(_ records: [ImageRecord], by holder: String) {
        for name in records.compactMap(\.name) { images.release(name, by: holder) }
    }
}
