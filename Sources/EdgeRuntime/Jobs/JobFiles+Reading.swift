// Job documents read back: all of them at start, finished ones on demand; and old ones removed.
internal import EdgeLoop
internal import JSON

extension JobFiles {
    /// Documents read in one trip to the pool.
    static let batch = 128

    private struct Found: Sendable {
        let key: JobKey
        let document: Result<[UInt8], StateError>
    }

    /// Finds what an earlier host left: fills the index of finished jobs and returns the documents of all active ones.
    /// Call it once, at start, before anything else. What cannot be read goes to `dead`; where both exist, `done` wins.
    func load() async throws(StateError) -> [StoredJob] {
        let files = state.files
        let (doneFolder, activeFolder) = (doneFolder, activeFolder)
        let days = try await Pool.files { () throws(StateError) in
            var days: [(name: String, keys: [JobKey], traces: [JobKey])] = []
            for name in try files.names(in: doneFolder) where Self.isDay(name) {
                let names = try files.names(in: "\(doneFolder)/\(name)")
                days.append((name, Self.keys(names), Self.keys(names, suffix: Self.traceSuffix)))
            }
            return days
        }
        for day in days {
            knownDays.insert(day.name)
            finished.insert(day: day.name, keys: day.keys)
            traces.insert(day: day.name, keys: day.traces)
        }
        let keys = try await Pool.files { () throws(StateError) in Self.keys(try files.names(in: activeFolder)).sorted()
        }
        var jobs: [StoredJob] = []
        for start in stride(from: 0, to: keys.count, by: Self.batch) {
            let batch = Array(keys[start..<min(start + Self.batch, keys.count)])
            for found in await read(batch, in: activeFolder) {
                // An active job that is skipped for want of descriptors would be lost until the next start.
                if case .failure(let error) = found.document, error.isPassing { throw error }
                if await isFinished(found.key) {
                    let path = "\(activeFolder)/\(found.key.id).json"
                    try await Pool.files { () throws(StateError) in try files.remove(path) }
                } else if let job = await sound(found, in: activeFolder, day: nil) {
                    active.insert(found.key)
                    jobs.append(job)
                }
            }
        }
        return jobs
    }

    /// The document of a finished job; nil when there is none (or none that can be read: that one is buried).
    func readDone(id: String) async -> [UInt8]? {
        guard let key = JobKey(id), let day = finished.day(of: key) else { return nil }
        return await readDone([key], day: day).first?.document
    }

    /// Whether the job has a finished document that reads as one; a damaged one is buried, and the active one counts.
    private func isFinished(_ key: JobKey) async -> Bool {
        guard let day = finished.day(of: key), let job = await readDone([key], day: day).first else { return false }
        if (try? JSONValue.parse(job.document))?.object != nil { return true }
        try? await bury(id: job.id, reason: "the finished document is not a JSON object")
        return false
    }

    /// Reads finished documents, a batch at a time, and hands over each.
    /// - Parameter day: only those of one day; nil: all.
    func eachFinished(day: String? = nil, _ body: @LoopActor (StoredJob) -> Void) async {
        for name in day.map({ [$0] }) ?? finished.dayNames {
            let keys = finished.keys(of: name)
            for start in stride(from: 0, to: keys.count, by: Self.batch) {
                let batch = Array(keys[start..<min(start + Self.batch, keys.count)])
                for job in await readDone(batch, day: name) { body(job) }
            }
        }
    }

    /// The documents of finished jobs; those that are gone or cannot be read are left out.
    func readDone(_ keys: [JobKey]) async -> [StoredJob] {
        var jobs: [StoredJob] = []
        for (day, keys) in Dictionary(grouping: keys, by: { finished.day(of: $0) }) {
            if let day { jobs += await readDone(keys, day: day) }
        }
        return jobs
    }

    /// Removes finished jobs that leave no trace. Nothing is synced: one that comes back with a power cut goes the next time.
    /// - Returns: those that are gone. Those that could not be removed stay known.
    func removeFinished(_ keys: [JobKey]) async -> Set<JobKey> {
        let files = state.files
        await removeLeftovers()
        let free = keys.filter { !leftovers.contains($0) && !turns.isBusy($0) }
        var gone: Set<JobKey> = []
        for (day, keys) in Dictionary(grouping: free, by: { finished.day(of: $0) }) {
            guard let day else { continue }
            let folder = "\(doneFolder)/\(day)"
            gone.formUnion(
                await Pool.run { Set(keys.filter { (try? files.remove("\(folder)/\($0.id).json")) != nil }) }
            )
        }
        for key in gone { finished.remove(key) }
        return gone
    }

    /// Removes the folders of days before `day` that are empty by now.
    func removeEmptyDays(before day: String) async {
        let files = state.files
        let kept = Set(finished.dayNames).union(traces.dayNames)
        let empty = knownDays.filter { $0 < day && !kept.contains($0) }
        knownDays.subtract(empty)
        madeDays.subtract(empty)
        let folders = empty.map { "\(doneFolder)/\($0)" }
        // Refused while something is left in one.
        await Pool.run { for folder in folders { _ = files.calls.rmdir(folder) } }
    }

    private func removeLeftovers() async {
        let files = state.files
        for key in leftovers {
            let path = "\(activeFolder)/\(key.id).json"
            if await Pool.run({ (try? files.remove(path)) != nil }) { leftovers.remove(key) }
        }
        // The active files of jobs that ended must be gone for good before their finished documents go.
        try? await state.directorySync.sync(activeFolder)
    }

    func readDone(_ keys: [JobKey], day: String) async -> [StoredJob] {
        let folder = "\(doneFolder)/\(day)"
        var jobs: [StoredJob] = []
        for found in await read(keys, in: folder) where finished.day(of: found.key) == day {
            if let job = await sound(found, in: folder, day: day) { jobs.append(job) }
        }
        return jobs
    }

    private func read(_ keys: [JobKey], in folder: String) async -> [Found] {
        let files = state.files
        return await Pool.run {
            keys.map { key in
                Found(
                    key: key,
                    document: Result { () throws(StateError) in
                        try files.read("\(folder)/\(key.id).json", bytesMax: Self.documentBytesMax)
                    }
                )
            }
        }
    }

    /// The job, or nil after its file was buried because it is no document.
    private func sound(_ found: Found, in folder: String, day: String?) async -> StoredJob? {
        let reason: String
        switch found.document {
        case .success(let document) where Self.isWhole(document):
            return StoredJob(id: found.key.id, document: document, day: day)
        case .success(let document):
            reason = document.isEmpty ? "the file is empty" : "the file is no whole JSON object"
        case .failure(let error):
            if error.isPassing { return nil }  // gone meanwhile, or out of descriptors: no fault of the file
            reason = error.description
        }
        finished.remove(found.key)
        let grave = try? await bury("\(folder)/\(found.key.id).json", name: found.key.id)
        onBuried(BuriedJob(id: found.key.id, reason: reason, path: grave))
        return nil
    }

    private nonisolated static func keys(_ names: [String], suffix: String = "json") -> [JobKey] {
        names.compactMap { $0.hasSuffix(".\(suffix)") ? JobKey(String($0.dropLast(suffix.utf8.count + 1))) : nil }
    }

    /// Whether a document begins and ends like an object: an empty, cut or zeroed file does not.
    private static func isWhole(_ document: [UInt8]) -> Bool {
        document.first { $0 > 32 } == 123 && document.last { $0 > 32 || $0 == 0 } == 125
    }
}
