// Job documents on disk: created, replaced, finished and found again so that nothing accepted is ever lost.
internal import EdgeLoop

/// A job's document as it is on disk; what it says is its reader's business.
struct StoredJob: Sendable, Equatable {
    let id: String
    let document: [UInt8]
    /// The day it ended on; nil: it has not ended.
    let day: String?
}

/// A file that is no job document (empty, cut, unreadable), and where it was put.
struct BuriedJob: Sendable, Equatable {
    let id: String
    let reason: String
    /// nil: it could not be moved and is where it was.
    let path: String?
}

/// One file a job: `active/ID.json` until it has ended, then `done/DAY/ID.json`.
///
/// Calls for one id run one after the other. A call that waits behind another is overtaken by a newer one for the same id:
/// only the newest document is written, and all who waited get its outcome. Holds 16 bytes a job, no document.
@LoopActor
final class JobFiles {
    /// A request body of 16 MB, as text inside a document, fits. A larger file in a job folder is no job.
    nonisolated static let documentBytesMax = 64 << 20

    /// Told of every file that was moved to `dead`; say it loudly in the log.
    var onBuried: @LoopActor (BuriedJob) -> Void = { _ in }

    let state: StateDirectory
    var finished = FinishedIndex()
    var active: Set<JobKey> = []
    let turns = Turns<JobKey, Step>()
    var madeDays: Set<String> = []
    /// Folders of days that are there, as far as is known.
    var knownDays: Set<String> = []
    /// Ended jobs whose active file could not be removed: it must go before the one in `done` does, or the job would run again.
    var leftovers: Set<JobKey> = []
    /// What removed jobs left behind (``remove(id:leaving:)``), by the day they ended on.
    var traces = FinishedIndex()

    /// Up to which serial of accepted work the counts of limits are on disk: what is removed beyond it leaves a trace.
    var countedThrough = Int64.max

    enum Step: Sendable {
        case create([UInt8])
        case replace([UInt8])
        case finish([UInt8], day: String)
        case amend([UInt8])
        case remove(trace: [UInt8]?)
        case bury(reason: String)
    }

    nonisolated var activeFolder: String { "\(state.path)/jobs/active" }
    nonisolated var doneFolder: String { "\(state.path)/jobs/done" }

    init(state: StateDirectory) {
        self.state = state
    }

    /// Stores a new job. When this returns, the job survives anything.
    /// - Throws: what failed; then no file of it stays.
    func create(id: String, document: [UInt8]) async throws(StateError) {
        try await perform(try Self.key(id), .create(try Self.checked(document)))
    }

    /// Puts a newer document in place of an active job's.
    /// - Throws: what failed; then the older or the newer document is on disk, whole.
    func replace(id: String, document: [UInt8]) async throws(StateError) {
        try await perform(try Self.key(id), .replace(try Self.checked(document)))
    }

    /// Stores how a job ended; its active file goes when that is durable.
    /// - Parameter day: "2026-11-21", the folder it is kept in.
    /// - Throws: what failed; then the job is still active, and this may be called again.
    func finish(id: String, document: [UInt8], day: String) async throws(StateError) {
        guard Self.isDay(day) else { throw .badName(what: "day like 2026-11-21", name: day) }
        try await perform(try Self.key(id), .finish(try Self.checked(document), day: day))
    }

    /// Puts another document in place of a finished job's.
    /// - Throws: what failed; then the older or the newer document is on disk, whole.
    func amend(id: String, document: [UInt8]) async throws(StateError) {
        try await perform(try Self.key(id), .amend(try Self.checked(document)))
    }

    /// Whether a job of that id is stored, ended or not.
    func knows(_ id: String) -> Bool {
        guard let key = JobKey(id) else { return false }
        return active.contains(key) || finished.day(of: key) != nil
    }

    /// Removes a job, ended or not, for good.
    /// - Parameter trace: what stays of one that had ended, until its day is over (``removeTraces(before:)``); nil: nothing.
    /// - Throws: what failed; then the job is still there.
    func remove(id: String, leaving trace: [UInt8]? = nil) async throws(StateError) {
        try await perform(try Self.key(id), .remove(trace: trace))
    }

    /// Moves a job's file to `dead`, where a person can look at it: for documents that make no sense.
    func bury(id: String, reason: String) async throws(StateError) {
        try await perform(try Self.key(id), .bury(reason: reason))
    }

    nonisolated static func isDay(_ text: String) -> Bool {
        text.utf8.count == 10
            && text.utf8.enumerated().allSatisfy { index, byte in
                index == 4 || index == 7 ? byte == 45 : (48...57).contains(byte)
            }
    }

    private static func key(_ id: String) throws(StateError) -> JobKey {
        guard let key = JobKey(id) else { throw .badName(what: "job id", name: id) }
        return key
    }

    private static func checked(_ document: [UInt8]) throws(StateError) -> [UInt8] {
        guard document.count <= documentBytesMax else {
            throw .tooLarge(what: "job document", bytes: document.count, allowed: documentBytesMax)
        }
        return document
    }
}
