// Gathered directory syncs: one sync of a folder serves every rename in it that came before the sync began.
internal import EdgeLoop
internal import Synchronization

/// Makes names durable. While a folder is being synced, later requests for it gather; the next sync serves them all.
@LoopActor
final class DirectorySync {
    /// What changes the folder right before its sync, mostly a file that is written, synced and renamed.
    typealias Change = @Sendable () throws(StateError) -> Void
    private typealias Done = CheckedContinuation<Result<Void, StateError>, Never>

    /// What one trip to the pool has settled.
    private struct Trip: Sendable {
        var served: [Done] = []
        var result: Result<Void, StateError> = .success(())
        /// Whether others have gathered for the next sync.
        var isMore = false
    }

    private let files: FileWriter
    /// The folders that are being synced, each with the requests whose changes are made and that wait for its next sync.
    private nonisolated let waiting = Mutex<[String: [Done]]>([:])

    init(files: FileWriter) {
        self.files = files
    }

    /// Runs `change` and returns when the folder was synced after it. Changes run beside each other on the pool's threads. Where
    /// nobody syncs the folder just then, the change and its sync are one trip to the pool.
    /// - Throws: what `change` throws, or the sync's error; then `change` has happened but may not last.
    func sync(_ folder: String, after change: Change? = nil) async throws(StateError) {
        if files.isInMemory { return try await files.perform { () throws(StateError) in try change?() } }
        let result: Result<Void, StateError> = await withCheckedContinuation { done in
            let files = files
            Pool.start { [self] in
                do throws(StateError) {
                    try change?()
                } catch {
                    return Trip(served: [done], result: .failure(error))
                }
                let isFirst = waiting.withLock { waiting in
                    guard waiting[folder] == nil else {
                        waiting[folder]?.append(done)
                        return false
                    }
                    waiting[folder] = []
                    return true
                }
                return isFirst ? sync(folder, for: [done], files) : Trip()
            } then: { [self] in
                end($0, folder)
            }
        }
        try result.get()
    }

    /// On a pool thread: one sync, for changes that are made.
    private nonisolated func sync(_ folder: String, for served: [Done], _ files: FileWriter) -> Trip {
        let result = Result { () throws(StateError) in try files.syncFolder(folder) }
        let isMore = waiting.withLock { waiting in
            if waiting[folder]?.isEmpty ?? true { waiting[folder] = nil }
            return waiting[folder] != nil
        }
        return Trip(served: served, result: result, isMore: isMore)
    }

    /// The next sync begins from here and not from the thread of the last one, behind other work of the pool: so more gather for it.
    private func end(_ trip: Trip, _ folder: String) {
        for done in trip.served { done.resume(returning: trip.result) }
        guard trip.isMore else { return }
        let files = files
        Pool.start { [self] in
            let served = waiting.withLock { waiting in
                defer { waiting[folder] = [] }
                return waiting[folder] ?? []
            }
            return sync(folder, for: served, files)
        } then: { [self] in
            end($0, folder)
        }
    }
}
