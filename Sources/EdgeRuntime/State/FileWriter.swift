// Files written so that they survive the power: every step checked, nothing left behind on failure. Blocks: call it by `run` or `perform`.
internal import EdgeLoop
internal import Glibc

/// The steps that durable files are made of. After a failed sync the file is removed and its descriptor never used again: the
/// kernel has marked the pages clean, and a second sync would report success over lost data.
struct FileWriter: Sendable {
    let calls: FileCalls
    /// Whether the files are in memory, where nothing waits and nothing can be made to last.
    var isInMemory = false

    /// Makes a new file with these bytes, synced. On an error no file stays.
    func writeNew(_ path: String, _ bytes: [UInt8], isSynced: Bool = true) throws(StateError) {
        let descriptor = try create(path)
        do throws(StateError) {
            try bytes.withUnsafeBufferPointer { (buffer) throws(StateError) in
                try append(UnsafeRawBufferPointer(buffer), to: descriptor, path)
            }
        } catch {
            _ = calls.close(descriptor)
            discard(path)
            throw error
        }
        try finish(descriptor, path, isSynced: isSynced)
    }

    /// Makes a new, empty file that only this user can read.
    func create(_ path: String) throws(StateError) -> Int32 {
        let descriptor = calls.open(path, O_CREAT | O_EXCL | O_RDWR, 0o600)
        guard descriptor >= 0 else { throw .failed(doing: "create", path: path, code: -descriptor) }
        return descriptor
    }

    /// Writes all bytes; the caller gives the file up when this throws.
    func append(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String) throws(StateError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = calls.write(descriptor, rest)
            if count == -Int(EINTR) { continue }
            // A regular file takes at least a byte or says why not; 0 would mean an endless loop.
            guard count > 0 else {
                throw .failed(doing: "write", path: path, code: count < 0 ? Int32(-count) : EIO)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Syncs and closes a file; on an error it is removed.
    func finish(_ descriptor: Int32, _ path: String, isSynced: Bool = true) throws(StateError) {
        let synced = isSynced ? sync(descriptor) : 0
        let closed = calls.close(descriptor)  // Linux frees the descriptor whatever this says
        guard synced == 0, closed == 0 else {
            discard(path)
            throw synced < 0
                ? .failed(doing: "sync", path: path, code: -synced) : .failed(doing: "close", path: path, code: -closed)
        }
    }

    /// Syncs a file that stays open; on an error it is removed, and its owner must close it.
    func sync(_ descriptor: Int32, _ path: String) throws(StateError) {
        let code = sync(descriptor)
        guard code == 0 else {
            discard(path)
            throw .failed(doing: "sync", path: path, code: -code)
        }
    }

    private func sync(_ descriptor: Int32) -> Int32 { isInMemory ? 0 : calls.fsync(descriptor) }

    /// Gives a file its final name, in place of what had it; on an error the file is removed.
    func move(_ path: String, to target: String) throws(StateError) {
        let code = calls.rename(path, target)
        guard code == 0 else {
            discard(path)
            throw .failed(doing: "rename a new file to", path: target, code: -code)
        }
    }

    /// Removes a file if it is there.
    func remove(_ path: String) throws(StateError) {
        let code = calls.unlink(path)
        guard code == 0 || code == -ENOENT else { throw .failed(doing: "remove", path: path, code: -code) }
    }

    /// Removes what a failed step left. Nobody could act on a second error; what stays in `tmp` goes at the next start.
    func discard(_ path: String) {
        _ = calls.unlink(path)
    }

    /// Makes a folder, open to this user only.
    /// - Returns: false when it was there already.
    @discardableResult
    func makeFolder(_ path: String, mode: UInt32 = 0o700) throws(StateError) -> Bool {
        let code = calls.mkdir(path, mode)
        if code == -EEXIST { return false }
        guard code == 0 else { throw .failed(doing: "make the folder", path: path, code: -code) }
        return true
    }

    /// Makes the names in a folder durable. Each sync has a descriptor of its own, so that none follows a failed one.
    func syncFolder(_ path: String) throws(StateError) {
        guard !isInMemory else { return }
        let descriptor = calls.open(path, O_RDONLY | O_DIRECTORY, 0)
        guard descriptor >= 0 else { throw .failed(doing: "open the folder", path: path, code: -descriptor) }
        let code = calls.fsync(descriptor)
        _ = calls.close(descriptor)
        guard code == 0 else { throw .failed(doing: "sync the folder", path: path, code: -code) }
    }

    /// The whole content of a regular file of at most `bytesMax` bytes.
    func read(_ path: String, bytesMax: Int) throws(StateError) -> [UInt8] {
        let descriptor = calls.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0)
        guard descriptor >= 0 else { throw .failed(doing: "open", path: path, code: -descriptor) }
        defer { _ = calls.close(descriptor) }
        var status = FileStatus()
        let code = calls.statusOfOpen(descriptor, &status)
        guard code == 0 else { throw .failed(doing: "look at", path: path, code: -code) }
        guard status.isFile else { throw .failed(doing: "read", path: path, code: EISDIR) }
        guard status.bytes <= bytesMax else { throw .tooLarge(what: path, bytes: status.bytes, allowed: bytesMax) }
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: status.bytes) { buffer, count in
            while count < buffer.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
                let more = calls.read(descriptor, rest, count)
                if more == -Int(EINTR) { continue }
                if more < 0 { failure = Int32(-more) }
                if more <= 0 { return }
                count += more
            }
        }
        guard failure == 0 else { throw .failed(doing: "read", path: path, code: failure) }
        return bytes
    }

    /// What a file of unknown length holds (one of the kernel's), at most `bytesMax` bytes of it.
    func readStream(_ path: String, bytesMax: Int) throws(StateError) -> [UInt8] {
        let descriptor = calls.open(path, O_RDONLY, 0)
        guard descriptor >= 0 else { throw .failed(doing: "open", path: path, code: -descriptor) }
        defer { _ = calls.close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < bytesMax {
            let count = piece.withUnsafeMutableBytes { calls.read(descriptor, $0, bytes.count) }
            if count == -Int(EINTR) { continue }
            guard count >= 0 else { throw .failed(doing: "read", path: path, code: Int32(-count)) }
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        return bytes
    }

    func status(_ path: String) throws(StateError) -> FileStatus {
        var status = FileStatus()
        let code = calls.status(path, &status)
        guard code == 0 else { throw .failed(doing: "look at", path: path, code: -code) }
        return status
    }

    func space(_ path: String) throws(StateError) -> DiskSpace {
        var space = DiskSpace()
        let code = calls.space(path, &space)
        guard code == 0 else { throw .failed(doing: "ask for the free space of", path: path, code: -code) }
        return space
    }

    /// The names in a folder, without `.` and `..`, in no order. Only for the start: a listing may skip names while others change.
    func names(in path: String) throws(StateError) -> [String] {
        guard let folder = opendir(path) else { throw .failed(doing: "list", path: path, code: errno) }
        defer { closedir(folder) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(folder) else {
                guard errno == 0 else { throw .failed(doing: "list", path: path, code: errno) }
                return names
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
    }
}

// MARK: Where file work is done

extension FileWriter {
    /// Work on more bytes goes to the pool wherever the files are: they are copied and hashed there meanwhile.
    private static let loopBytesMax = 32 << 10

    /// Runs file work: on a pool thread, for a disk may keep it waiting; on the loop where files are in memory, for there the way to
    /// the pool and back takes longer than the work (measured: 20 µs of work, 100 µs in all).
    /// - Parameter bytes: about how many it reads or writes.
    @LoopActor
    func run<Output: Sendable>(bytes: Int = 0, _ work: @escaping @Sendable () -> Output) async -> Output {
        isInMemory && bytes <= Self.loopBytesMax ? work() : await Pool.run(work)
    }

    /// The same for work that can fail.
    @LoopActor
    func perform<Output: Sendable>(
        bytes: Int = 0,
        _ work: @escaping @Sendable () throws(StateError) -> Output
    ) async throws(StateError) -> Output {
        isInMemory && bytes <= Self.loopBytesMax ? try work() : try await Pool.files(work)
    }
}

extension Pool {
    /// File work on a pool thread, with its one kind of error.
    @LoopActor
    static func files<Output: Sendable>(
        _ work: @escaping @Sendable () throws(StateError) -> Output
    ) async throws(StateError) -> Output {
        let result: Result<Output, StateError> = await Pool.run {
            Result { () throws(StateError) in try work() }
        }
        return try result.get()
    }
}
