// A file in jobs/dead: why it is there, and what can still be made of it.
internal import Callers
internal import CivilTime
internal import Digest
internal import EdgeLoop
internal import JSON

/// A job file that made no sense when it was read. The reason is worked out anew: it holds for this version of the host.
struct DeadJob: Sendable {
    /// The file's name without `.json`.
    let name: String
    let path: String
    /// nil when it is no JSON object.
    let document: JSONObject?
    /// Why it is no job; nil when this version can read it.
    let reason: String?

    init(name: String, path: String, content: Result<[UInt8], StateError>) {
        self.name = name
        self.path = path
        let bytes: [UInt8]
        switch content {
        case .success(let read): bytes = read
        case .failure(let error):
            (document, reason) = (nil, error.description)
            return
        }
        guard !bytes.isEmpty else {
            (document, reason) = (nil, "the file is empty")
            return
        }
        do {
            let found = try Housekeeping.document(bytes)
            document = found
            do {
                _ = try RecoveredJob(found)
                reason = nil
            } catch {
                reason = error.reason
            }
        } catch {
            (document, reason) = (nil, error.reason)
        }
    }

    /// The work that it tells of, as far as a new job needs it.
    /// - Throws: ``RecoveredJob/Unreadable`` when what was asked for cannot be read.
    func work() throws(RecoveredJob.Unreadable) -> RecoveredJob {
        guard var document else { throw RecoveredJob.Unreadable(reason: reason ?? "it is no JSON object") }
        let now = JSONValue.string(Timestamp.now().iso8601)
        // These belong to the job that was; a new one has its own.
        for key in ["id", "generation"] { document[key] = .string(UUIDText.version7()) }
        for key in ["created", "deadline"] { document[key] = now }
        return try RecoveredJob(document)
    }

    /// As the operator's list shows it.
    var row: JSONObject {
        var row: JSONObject = ["id": .string(name), "state": .string(JobFilter.dead)]
        row["function"] = document?["function"] ?? .null
        row["created"] = document?["created"] ?? .null
        row["attempts"] = .integer(Int64(document?["attempts"]?.array?.count ?? 0))
        row["reason"] = .string(reason ?? "it could not be read when it was put here, and can be now")
        row["path"] = .string(path)
        return row
    }

    var caller: Caller? { document?["caller"].flatMap { Caller($0) } }
    var created: Timestamp? { document?["created"]?.string.flatMap { Timestamp(iso8601: $0) } }
}

extension JobFiles {
    nonisolated var deadFolder: String { "\(state.path)/jobs/dead" }

    /// Files in `jobs/dead` that are read for one list.
    nonisolated static let deadMax = 10_000

    /// What lies in `jobs/dead`, in the order of the names.
    func dead() async throws(StateError) -> [DeadJob] {
        let (files, folder) = (state.files, deadFolder)
        return try await Pool.files { () throws(StateError) in
            try files.names(in: folder).filter { $0.hasSuffix(".json") }.sorted().prefix(Self.deadMax).map {
                Self.dead(String($0.dropLast(5)), folder, files)
            }
        }
    }

    /// The dead job of that name; nil when there is none.
    func dead(_ name: String) async -> DeadJob? {
        guard name.utf8.allSatisfy({ $0 == 45 || $0 == 46 || (48...57).contains($0) || (97...122).contains($0) }) else {
            return nil
        }
        let (files, folder) = (state.files, deadFolder)
        return await Pool.run {
            (try? files.status("\(folder)/\(name).json")) == nil ? nil : Self.dead(name, folder, files)
        }
    }

    /// Removes a file from `jobs/dead`.
    func removeDead(_ name: String) async throws(StateError) {
        let (files, path) = (state.files, "\(deadFolder)/\(name).json")
        try await Pool.files { () throws(StateError) in try files.remove(path) }
    }

    private nonisolated static func dead(_ name: String, _ folder: String, _ files: FileWriter) -> DeadJob {
        let path = "\(folder)/\(name).json"
        return DeadJob(
            name: name,
            path: path,
            content: Result { () throws(StateError) in try files.read(path, bytesMax: documentBytesMax) }
        )
    }

    /// Hands over finished jobs, the newest first, until `body` says that it has enough.
    /// - Parameter day: the first day that is looked at; nil: all.
    func newestFinished(since day: String?, _ body: @LoopActor (StoredJob) async -> Bool) async {
        for name in finished.dayNames.reversed() where day.map({ name >= $0 }) ?? true {
            var keys = finished.keys(of: name)[...]
            while !keys.isEmpty {
                let batch = Array(keys.suffix(Self.batch))
                keys = keys.dropLast(batch.count)
                for job in await readDone(batch, day: name).reversed() where !(await body(job)) { return }
            }
        }
    }
}
