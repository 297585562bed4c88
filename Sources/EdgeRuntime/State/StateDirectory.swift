// The state directory: its layout, the lock of the host that owns it, and whether there is room for more.
internal import EdgeLoop
internal import Glibc

/// What stays free beside the results that are expected of accepted jobs: for larger ones, and for what ends without a result.
struct DiskReserve: Sendable, Equatable {
    /// Bytes. Default 64 MiB.
    var bytes: UInt64 = 64 << 20
    /// Inodes: they can run out while bytes are free. Default 1,000.
    var files: UInt64 = 1000
}

/// One directory, owned by one host process for as long as this object lives.
@LoopActor
final class StateDirectory {
    /// Absolute, with symbolic links resolved.
    nonisolated let path: String
    /// What the operator should be told at start, a sentence each.
    let warnings: [String]
    /// Whether the disk goes with the machine or the container.
    let isThrowAway: Bool
    nonisolated let files: FileWriter
    let directorySync: DirectorySync

    private let lock: DirectoryLock
    private let reserve: DiskReserve
    private var found: (space: DiskSpace, asked: ContinuousClock.Instant)?
    /// What accepted work is going to write, the request that asks for room included. It may first be guessed from above, as long
    /// as there is room for the guess too.
    var promised: @LoopActor (_ exactly: Bool) -> DiskSpace = { _ in DiskSpace() }
    private var temporaries = 0

    /// The disk is asked at most this often.
    private static let roomAge = Duration.seconds(1)
    /// Without this much the host does not begin: it could not even record that a job ended.
    private nonisolated static let least = DiskSpace(bytes: 1 << 20, files: 16)
    private nonisolated static let folders = [
        "jobs", "jobs/tmp", "jobs/active", "jobs/done", "jobs/dead", "jobs/inbox", "images", "cache", "run",
    ]

    /// Makes the layout where it is missing, takes the lock, empties `jobs/tmp`, and proves that files can be written.
    /// - Parameter calls: in place of the kernel's own; they may wait, on whichever file system.
    /// - Throws: one clear reason why this directory cannot be used.
    init(path: String, reserve: DiskReserve = DiskReserve(), calls: FileCalls? = nil) async throws(StateError) {
        var files = FileWriter(calls: calls ?? .system)
        let opened = try await Pool.files { [files] () throws(StateError) in try Self.open(path, files) }
        if calls == nil, case .memory = opened.kind { files.isInMemory = true }
        self.path = opened.path
        self.files = files
        self.reserve = reserve
        lock = opened.lock
        directorySync = DirectorySync(files: files)
        switch opened.kind {
        case .disk:
            warnings = []
            isThrowAway = false
        case .memory(let name), .throwAway(let name):
            warnings = ["\(opened.path) is on \(name): jobs and images are gone when this machine or container is"]
            isThrowAway = true
        case .network(let name):
            warnings = [
                "\(opened.path) is on a network file system (\(name)): its locks may not keep a second host out, "
                    + "and a lost reply can make a finished step look failed; a local disk is safer"
            ]
            isThrowAway = false
        }
    }

    /// Whether more work may be accepted: beside the results of what was accepted, more than the reserve is free. Asks the disk at
    /// most once a second; what is promised counts at once.
    var hasRoom: Bool { hasRoom(at: .now) }

    /// - Parameter now: the monotonic time.
    func hasRoom(at now: ContinuousClock.Instant) -> Bool {
        let space = space(at: now)
        return isEnough(space, beside: promised(false)) || isEnough(space, beside: promised(true))
    }

    private func isEnough(_ space: DiskSpace, beside promise: DiskSpace) -> Bool {
        space.bytes > reserve.bytes + promise.bytes
            && space.files.map { $0 > reserve.files + (promise.files ?? 0) } ?? true
    }

    private func space(at now: ContinuousClock.Instant) -> DiskSpace {
        if let found, now - found.asked < Self.roomAge { return found.space }
        // A disk that does not answer this does not take files either.
        let space = (try? files.space(path)) ?? DiskSpace(bytes: 0, files: 0)
        found = (space, now)
        return space
    }

    /// A name in `jobs/tmp` that no other file of this process has.
    func temporaryPath(for label: String) -> String {
        temporaries += 1
        return "\(path)/jobs/tmp/\(label).\(temporaries)"
    }
}

extension StateDirectory {
    /// What opening finds, handed from the pool to the loop.
    private struct Opened: Sendable {
        let path: String
        let kind: FileSystemKind
        let lock: DirectoryLock
    }

    private nonisolated static func open(_ given: String, _ files: FileWriter) throws(StateError) -> Opened {
        try makeFolders(given, files)
        guard let resolved = realpath(given, nil) else { throw .failed(doing: "find", path: given, code: errno) }
        let path = String(cString: resolved)
        free(resolved)
        for folder in folders where try files.makeFolder("\(path)/\(folder)") {
            try files.syncFolder(parent(of: "\(path)/\(folder)"))
        }
        let lock = try DirectoryLock(path: "\(path)/run/lock", directory: path)
        try checkOneFileSystem(path, files)
        try checkSpace(path, files)
        for name in try files.names(in: "\(path)/jobs/tmp") { try files.remove("\(path)/jobs/tmp/\(name)") }
        let kind = FileSystemKind(device: try files.status("\(path)/jobs/tmp").device, files: files)
        let probe = "\(path)/jobs/tmp/probe"
        try files.writeNew(probe, [10])
        try files.remove(probe)
        return Opened(path: path, kind: kind, lock: lock)
    }

    /// Makes the directory and the folders above it that are missing; the new names last.
    private nonisolated static func makeFolders(_ path: String, _ files: FileWriter) throws(StateError) {
        var status = FileStatus()
        if files.calls.status(path, &status) == 0 { return }
        let above = parent(of: path)
        if above != path { try makeFolders(above, files) }
        if try files.makeFolder(path) { try files.syncFolder(above) }
    }

    private nonisolated static func parent(of path: String) -> String {
        var parts = path.utf8[...]
        while parts.last == 47, parts.count > 1 { parts.removeLast() }
        guard let slash = parts.lastIndex(of: 47) else { return "." }
        return slash == parts.startIndex ? "/" : String(parts[..<slash]) ?? "."
    }

    private nonisolated static func checkOneFileSystem(_ path: String, _ files: FileWriter) throws(StateError) {
        let device = try files.status("\(path)/jobs/tmp").device
        for folder in folders where folder != "run" {
            guard try files.status("\(path)/\(folder)").device == device else {
                throw .severalFileSystems(path: "\(path)/\(folder)", other: "\(path)/jobs/tmp")
            }
        }
    }

    private nonisolated static func checkSpace(_ path: String, _ files: FileWriter) throws(StateError) {
        let space = try files.space(path)
        guard space.bytes >= least.bytes, space.files ?? .max >= least.files ?? 0 else {
            throw .noRoom(path: path, space: space, needed: least)
        }
    }
}
