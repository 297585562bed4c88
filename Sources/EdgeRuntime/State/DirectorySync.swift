// Gathered directory syncs: one sync of a folder serves every rename in it that came before the sync began.
internal import EdgeLoop

/// Makes names durable. While a folder is being synced, later requests for it gather; the next sync serves them all.
@LoopActor
final class DirectorySync {
    /// What changes the folder right before its sync, mostly a rename.
    typealias Change = @Sendable () throws(StateError) -> Void

    private struct Request {
        let change: Change?
        let done: CheckedContinuation<Result<Void, StateError>, Never>
    }

    private let files: FileWriter
    /// The folders that are being synced, each with the requests that wait for its next sync.
    private var waiting: [String: [Request]] = [:]

    init(files: FileWriter) {
        self.files = files
    }

    /// Runs `change` and returns when the folder was synced after it. Costs one trip to the pool for all that gathered.
    /// - Throws: what `change` throws, or the sync's error; then `change` has happened but may not last.
    func sync(_ folder: String, after change: Change? = nil) async throws(StateError) {
        let result: Result<Void, StateError> = await withCheckedContinuation { done in
            let request = Request(change: change, done: done)
            if waiting[folder] == nil {
                waiting[folder] = []
                start(folder, [request])
            } else {
                waiting[folder]?.append(request)
            }
        }
        try result.get()
    }

    private func start(_ folder: String, _ first: [Request]) {
        Task(executorPreference: LoopActor.tasks) { await self.syncAll(folder, first) }
    }

    private func syncAll(_ folder: String, _ first: [Request]) async {
        var requests = first
        while !requests.isEmpty {
            let changes = requests.map(\.change)
            let files = files
            let results = await Pool.run { Self.run(changes, in: folder, files) }
            for (request, result) in zip(requests, results) { request.done.resume(returning: result) }
            requests = waiting[folder] ?? []
            waiting[folder] = requests.isEmpty ? nil : []
        }
    }

    private static nonisolated func run(
        _ changes: [Change?],
        in folder: String,
        _ files: FileWriter
    ) -> [Result<Void, StateError>] {
        var results = changes.map { change -> Result<Void, StateError> in
            guard let change else { return .success(()) }
            return Result { () throws(StateError) in try change() }
        }
        guard results.contains(where: { (try? $0.get()) != nil }) else { return results }
        do throws(StateError) {
            try files.syncFolder(folder)
        } catch {
            for index in results.indices where (try? results[index].get()) != nil { results[index] = .failure(error) }
        }
        return results
    }
}
