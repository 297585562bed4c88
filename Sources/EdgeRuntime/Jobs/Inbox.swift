// jobs/inbox: files that other programs drop there become jobs.
internal import CivilTime
internal import Digest
internal import EdgeLoop
internal import JSON

/// Accepts dropped files one after the other. A file goes only when its job is on disk, and its name is the job's idempotency key:
/// a crash between the two makes no second job.
@LoopActor
final class Inbox {
    /// What became of one file.
    enum Fate: Sendable {
        case accepted(job: String)
        /// It can never be accepted.
        case refused(String)
        /// It stays, and is looked at again.
        case later(String, after: Duration)
    }

    private let state: StateDirectory
    private let submit: @LoopActor (InboxFile) async -> Fate
    private let log: @LoopActor (LogLevel, String) -> Void
    private var watcher: FileWatcher?
    private var timer: LoopTimer?
    private var again: LoopTimer?
    private var task: Task<Void, Never>?
    private var isDirty = false
    private var isStopped = false
    /// Files that the log has told of already, with what it said.
    private var told: [String: String] = [:]

    /// Larger files are no requests.
    nonisolated static let bytesMax = 16 << 20
    /// Files of one round; the next one begins at once.
    static let roundMax = 1000
    /// Notices can be lost, and waits end: the folder is looked at again at least this often.
    private static let interval = Duration.seconds(30)
    /// A file that cannot be read may still be written by a program that does not rename.
    private let settling: Duration
    static let pauses = Duration.seconds(1)...Duration.seconds(300)

    nonisolated var folder: String { "\(state.path)/jobs/inbox" }
    private nonisolated var badFolder: String { "\(folder)/bad" }

    init(
        state: StateDirectory,
        settling: Duration = .seconds(2),
        log: @escaping @LoopActor (LogLevel, String) -> Void,
        submit: @escaping @LoopActor (InboxFile) async -> Fate
    ) {
        self.state = state
        self.settling = settling
        self.log = log
        self.submit = submit
    }

    func start() {
        do {
            watcher = try FileWatcher(folder: folder) { [unowned self] in if Self.isMeant($0) { look() } }
        } catch {
            log(.warning, "dropped files are noticed every \(Self.interval) only: \(error.reason)")
        }
        timer = LoopTimer(after: Self.interval, every: Self.interval) { [unowned self] in look() }
        look()
    }

    /// Begins no further file.
    func stop() {
        isStopped = true
        watcher?.cancel()
        timer?.cancel()
        again?.cancel()
    }

    /// Waits until nothing is done any more; for tests.
    func idle() async { while let task { await task.value } }

    // MARK: Rounds

    /// Looks at the folder, once more when something has changed meanwhile.
    func look() {
        guard !isStopped else { return }
        isDirty = true
        guard task == nil else { return }
        task = Task(executorPreference: LoopActor.tasks) { await self.rounds() }
    }

    private func rounds() async {
        while isDirty, !isStopped {
            isDirty = false
            await round()
        }
        task = nil
    }

    private func round() async {
        let (files, folder) = (state.files, folder)
        let names: [String]
        do {
            names = try await Pool.files { () throws(StateError) in
                try files.names(in: folder).filter(Self.isMeant).sorted()
            }
        } catch {
            return log(.error, "\(error)")
        }
        told = told.filter { names.contains($0.key) }
        var pause: Duration?
        // What a function cannot take now, it cannot take of the next file either.
        var blocked: Set<String> = []
        for name in names.prefix(Self.roundMax) where !isStopped {
            if let wait = await take(name, &blocked) { pause = min(pause ?? wait, wait) }
        }
        if let pause {
            again = LoopTimer(after: min(max(pause, Self.pauses.lowerBound), Self.pauses.upperBound)) {
                [unowned self] in
                look()
            }
        } else if names.count > Self.roundMax {
            isDirty = true
        }
    }

    /// - Returns: when the file is to be looked at again; nil: it is gone.
    private func take(_ name: String, _ blocked: inout Set<String>) async -> Duration? {
        let (files, path) = (state.files, "\(folder)/\(name)")
        let read: Result<InboxFile, any Error> = await Pool.run {
            Result {
                let bytes = try files.read(path, bytesMax: Self.bytesMax)
                return InboxFile(name: name, digest: SHA256.hex(of: bytes), request: try InboxRequest(bytes))
            }
        }
        let found: InboxFile
        switch read {
        case .success(let value): found = value
        case .failure(let error):
            if (error as? StateError)?.isPassing ?? false { return settling }
            if await isYoung(path) { return settling }
            return await moveAside(name, "\(error)")
        }
        guard !blocked.contains(found.request.function) else { return Self.interval }
        switch await submit(found) {
        case .accepted(let job):
            do {
                try await Pool.files { () throws(StateError) in try files.remove(path) }
            } catch {
                tell(name, .error, "its job is \(job), but it cannot be removed: \(error)")
                return Self.interval
            }
            log(.info, "jobs/inbox/\(name) is the job \(job)")
            return nil
        case .refused(let reason):
            return await moveAside(name, reason)
        case .later(let reason, let pause):
            blocked.insert(found.request.function)
            tell(name, .warning, "it waits: \(reason)")
            return pause
        }
    }

    private func isYoung(_ path: String) async -> Bool {
        let files = state.files
        guard let status = await Pool.run({ try? files.status(path) }) else { return false }
        let age = Timestamp.now() - Timestamp(milliseconds: status.modified / 1_000_000)
        return age >= .zero && age < settling
    }

    private func tell(_ name: String, _ level: LogLevel, _ text: String) {
        guard told[name] != text else { return }
        told[name] = text
        log(level, "jobs/inbox/\(name): \(text)")
    }

    // MARK: Bad files

    /// Moves a file to `bad`, with the reason in a file beside it.
    private func moveAside(_ name: String, _ reason: String) async -> Duration? {
        let (files, folder, bad) = (state.files, folder, badFolder)
        do {
            let place = try await Pool.files { () throws(StateError) in
                try files.makeFolder(bad)
                let taken = Set(try files.names(in: bad))
                var free = name
                var number = 1
                while taken.contains(free) {
                    number += 1
                    free = "\(name.dropLast(5)).\(number).json"
                }
                // First: no bad file is without its reason.
                files.discard("\(bad)/\(free).reason.txt")
                try files.writeNew("\(bad)/\(free).reason.txt", Array((reason + "\n").utf8), isSynced: false)
                let code = files.calls.rename("\(folder)/\(name)", "\(bad)/\(free)")
                guard code == 0 else {
                    files.discard("\(bad)/\(free).reason.txt")
                    throw .failed(doing: "move to \(bad)", path: name, code: -code)
                }
                return "jobs/inbox/bad/\(free)"
            }
            log(.warning, "jobs/inbox/\(name) is no job, and is \(place) now: \(reason)")
            return nil
        } catch {
            if error.isPassing { return nil }
            tell(name, .error, "it is no job (\(reason)) and cannot be moved aside: \(error)")
            return Self.interval
        }
    }

    /// Names that begin with a dot or end otherwise are of files that are being written.
    private nonisolated static func isMeant(_ name: String) -> Bool { name.hasSuffix(".json") && !name.hasPrefix(".") }
}
