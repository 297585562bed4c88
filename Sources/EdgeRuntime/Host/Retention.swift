// Removes what is too old or too much: finished job files, their images, and what the cache holds beyond the images' size.
internal import CivilTime
internal import EdgeLoop
internal import JSON

/// Carries out what ``RetentionSettings`` say. One round at a time.
@LoopActor
final class Retention {
    var settings = RetentionSettings()
    /// Returns when what a generation has cost is in the ledger: only then may the file go that tells of it.
    var settled: @LoopActor (String) async throws -> Void = { _ in }
    private let files: JobFiles
    private let images: ImageFiles
    private let cache: ResultCache
    private let finishing: JobFinish
    private let log: LogWriter
    private var isTrimming = false
    /// What could not be removed in this round; it is tried again in the next one.
    private var failed: [KeptJob] = []

    init(files: JobFiles, images: ImageFiles, cache: ResultCache, finishing: JobFinish, log: LogWriter) {
        self.files = files
        self.images = images
        self.cache = cache
        self.finishing = finishing
        self.log = log
    }

    /// Removes all that is due. Call it only when every finished job has been told of.
    func trim(now: Timestamp = .now()) async {
        guard !isTrimming else { return }
        isTrimming = true
        defer { isTrimming = false }
        var (jobs, lighter) = (0, 0)
        while !Task.isCancelled {
            let batch = take(now)
            guard !batch.isEmpty else { break }
            jobs += await removeJobs(batch.filter { $0.what == .job }.map(\.key), now)
            lighter += await removeImages(batch.filter { $0.what == .images }.map(\.key), now)
        }
        lighter += await shrink(now)
        for job in failed { finishing.kept.insert(job) }
        failed = []
        if jobs > 0 { log.write(.info, "removed \(jobs) finished jobs that were too old or too many") }
        if lighter > 0 { log.write(.info, "removed the images of \(lighter) results that were too old or too many") }
    }

    /// The next ones to go, taken out of those that are kept.
    private func take(_ now: Timestamp) -> [KeptJobs.Removal] {
        var batch: [KeptJobs.Removal] = []
        while batch.count < JobFiles.batch, let next = finishing.kept.next(settings, now: now) {
            takeOut(next)
            batch.append(next)
        }
        return batch
    }

    private func takeOut(_ removal: KeptJobs.Removal) {
        switch removal.what {
        case .job: finishing.kept.remove(removal.key, finished: removal.finished)
        case .images: finishing.kept.removeImages(removal.key, finished: removal.finished)
        }
    }

    // MARK: Jobs

    private func removeJobs(_ keys: [JobKey], _ now: Timestamp) async -> Int {
        guard !keys.isEmpty else { return 0 }
        var older: [(job: StoredJob, document: JSONObject)] = []
        var count = 0
        for job in await files.readDone(keys) {
            // What parses to nothing names no image and counts for nothing.
            let document = (try? Housekeeping.document(job.document)) ?? [:]
            do {
                try await settled(document["generation"]?.string ?? job.id)
            } catch {
                keep(job, document, "\(error)")
                continue
            }
            guard let trace = RunsOfToday.trace(of: document, now: now, countedThrough: files.countedThrough) else {
                older.append((job, document))
                continue
            }
            do {
                try await files.remove(id: job.id, leaving: trace)
                finishing.expired(document, id: job.id)
                count += 1
            } catch {
                keep(job, document, "\(error)")
            }
        }
        let gone = await files.removeFinished(older.compactMap { JobKey($0.job.id) })
        for (job, document) in older {
            if JobKey(job.id).map(gone.contains) ?? false {
                finishing.expired(document, id: job.id)
                count += 1
            } else {
                keep(job, document, nil)
            }
        }
        return count
    }

    // MARK: Images

    private func removeImages(_ keys: [JobKey], _ now: Timestamp) async -> Int {
        guard !keys.isEmpty else { return 0 }
        var count = 0
        for job in await files.readDone(keys) {
            guard let document = try? Housekeeping.document(job.document) else { continue }
            var lighter = document
            lighter[JobDocument.imagesRemoved] = .string(now.iso8601)
            do {
                try await files.amend(id: job.id, document: lighter.encoded())
                finishing.letGoImages(document, id: job.id)
                count += 1
            } catch {
                keep(job, document, "\(error)")
            }
        }
        return count
    }

    /// Ends holds on images, those that are oldest or not used for longest first, until all images fit their size.
    private func shrink(_ now: Timestamp) async -> Int {
        var count = 0
        while let size = settings.images.size, images.bytes > size, !Task.isCancelled {
            let job = finishing.kept.oldestWithImages
            let entry = cache.leastUsed
            if let job, entry.map({ job.finished <= $0.used }) ?? true {
                takeOut(job)
                count += await removeImages([job.key], now)
            } else if let entry {
                await cache.remove(key: entry.key)
                count += 1
            } else {
                break
            }
            await images.removalsEnded()
        }
        return count
    }

    private func keep(_ job: StoredJob, _ document: JSONObject, _ reason: String?) {
        if let reason {
            log.write(.warning, "job \(job.id) is too old or too much, but could not be removed: \(reason)")
        }
        if let kept = KeptJob(document, id: job.id, bytes: job.document.count) { failed.append(kept) }
    }
}
