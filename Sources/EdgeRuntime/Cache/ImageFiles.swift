// Image files by the SHA-256 of their bytes: written once, never changed, checked before they are served.
internal import Digest
internal import EdgeLoop
internal import Glibc

/// Stores images durably, hands out shared open files, and removes an image when nobody refers to it.
///
/// What happens to one image happens one after the other, so that a file being removed is not taken for one that is there.
@LoopActor
final class ImageFiles {
    /// The largest image. Default 64 MiB.
    nonisolated static let bytesMax = 64 << 20
    /// Files kept open for the next answer; further ones are closed when their answers end.
    private static let handlesMax = 128
    /// Checked images that are remembered; beyond it all are forgotten, and checked again when next opened.
    private static let verifiedMax = 65_536

    /// Told of an image that was damaged (and removed) or is missing, with the reason: log it, and have it made again.
    var onLoss: @LoopActor (ImageName, String) -> Void = { _, _ in }

    let state: StateDirectory
    let gate = KeyedGate<UInt128>()
    var references = ImageReferences()
    var leases: [UInt128: Int] = [:]
    private var handles: [ImageName: (handle: ImageHandle, used: UInt64)] = [:]
    private var uses: UInt64 = 0
    private var verified: [UInt128: Mark] = [:]
    private var madeFolders: Set<Substring> = []
    /// What all image files weigh: counted by ``sweep()``, and from then on about right.
    var bytes = 0
    /// Removals that are under way.
    var removals = 0
    let removalEnded = ChangeSignal()

    /// What a checked file looked like.
    struct Mark: Sendable, Equatable {
        let bytes: Int
        let modified: Int64

        init(_ status: FileStatus) {
            bytes = status.bytes
            modified = status.modified
        }
    }

    init(state: StateDirectory) {
        self.state = state
    }

    nonisolated func path(of name: ImageName) -> String { "\(state.path)/images/\(name.path)" }

    /// Stores an image. When this returns, file and name are durable.
    ///
    /// An equal image that is there already, bytes compared, is not written again.
    /// - Parameter ext: "png"; from the bytes, never from a label.
    /// - Throws: what failed; then nothing of it stays.
    func put(_ bytes: [UInt8], ext: String) async throws(StateError) -> StoredImage {
        guard bytes.count <= Self.bytesMax else {
            throw .tooLarge(what: "image", bytes: bytes.count, allowed: Self.bytesMax)
        }
        let files = state.files
        let images = "\(state.path)/images"
        let temporary = state.temporaryPath(for: "image")
        let (name, isThere) = try await files.perform(bytes: bytes.count) { () throws(StateError) in
            guard let name = ImageName(sha256: SHA256.hex(of: bytes), ext: ext) else {
                throw .badName(what: "file extension", name: ext)
            }
            if files.holds("\(images)/\(name.path)", bytes) { return (name, true) }
            try files.writeNew(temporary, bytes)
            return (name, false)
        }
        let lease = ImageLease(name, in: self)
        if isThere {
            await gate.enter(name.key)
            defer { gate.leave(name.key) }
            // Between the look and the lease another reference may have ended and taken the file along.
            let path = path(of: name)
            let stays = try await files.perform(bytes: bytes.count) { () throws(StateError) in
                if (try? files.status(path).bytes) == bytes.count { return true }
                try files.writeNew(temporary, bytes)
                return false
            }
            if !stays { try await publish(temporary, name, bytes: bytes.count) }
        } else {
            await gate.enter(name.key)
            defer { gate.leave(name.key) }
            try await publish(temporary, name, bytes: bytes.count)
        }
        return StoredImage(name: name, bytes: bytes.count, path: path(of: name), lease: lease)
    }

    /// Begins an image that arrives in pieces.
    /// - Parameter bytesMax: its largest size.
    func begin(bytesMax: Int = ImageFiles.bytesMax) -> ImageWriter {
        ImageWriter(images: self, path: state.temporaryPath(for: "image"), bytesMax: min(bytesMax, Self.bytesMax))
    }

    /// The last step for a file in `jobs/tmp`: its final name, durable. The caller is inside the gate.
    /// - Parameter sync: makes the bytes durable, if they are not; on an error it has removed the file.
    func publish(
        _ temporary: String,
        _ name: ImageName,
        bytes: Int,
        after sync: @escaping DirectorySync.Change = {}
    ) async throws(StateError) {
        let files = state.files
        let path = path(of: name)
        let images = "\(state.path)/images"
        let folder = "\(images)/\(name.folder)"
        do throws(StateError) {
            if !madeFolders.contains(name.folder) {
                try await state.directorySync.sync(images) { () throws(StateError) in try files.makeFolder(folder) }
                madeFolders.insert(name.folder)
            }
        } catch {
            await files.run { files.discard(temporary) }
            throw error
        }
        do throws(StateError) {
            let isNew = !isHeldByOthers(name)
            try await state.directorySync.sync(folder) { () throws(StateError) in
                try sync()
                try files.move(temporary, to: path)
            }
            if isNew { self.bytes += bytes }
        } catch {
            madeFolders.remove(name.folder)  // perhaps somebody removed the folder
            // Another's image of that name stays: the bytes are the same, and it may be referred to.
            if !isHeldByOthers(name) { await files.run { files.discard(path) } }
            throw error
        }
    }
}

// MARK: Open files

extension ImageFiles {
    /// An open file whose bytes are those that its name says.
    ///
    /// Bytes are hashed at the first opening after the start; later a changed size or time of change has them hashed again.
    /// - Returns: nil when it is missing or damaged. A damaged file is removed, so that it is made again and never served.
    /// - Throws: when the file could not be looked at although it may be sound (out of descriptors).
    func open(_ name: ImageName) async throws(StateError) -> ImageHandle? {
        if let handle = openedHandle(name) { return handle }
        await gate.enter(name.key)
        defer { gate.leave(name.key) }
        if let handle = openedHandle(name) { return handle }
        let path = path(of: name)
        let files = state.files
        let mark = verified[name.key]
        let found = await Pool.run { ImageCheck.open(name, path, mark, files) }
        switch found {
        case .sound(let handle):
            adopt(handle)
            return handle
        case .lost(let reason):
            verified[name.key] = nil
            onLoss(name, reason)
            return nil
        case .unknown(let error):
            throw error
        }
    }

    /// The open file if it is at hand and unchanged; does not wait.
    func openedHandle(_ name: ImageName) -> ImageHandle? {
        guard let handle = handles[name]?.handle else { return nil }
        guard handle.isUnchanged else {
            handles[name] = nil
            return nil
        }
        uses += 1
        handles[name]?.used = uses
        return handle
    }

    /// The open file if it is at hand and unchanged, after what is under way with it: it may not be durable yet.
    func settledHandle(_ name: ImageName) async -> ImageHandle? {
        if let handle = openedHandle(name) { return handle }
        await gate.enter(name.key)
        defer { gate.leave(name.key) }
        return openedHandle(name)
    }

    /// Keeps the open file of an image whose bytes were hashed just now.
    func adopt(_ handle: ImageHandle) {
        if verified.count >= Self.verifiedMax { verified.removeAll() }
        verified[handle.name.key] = Mark(FileStatus(bytes: handle.bytes, modified: handle.modified))
        keep(handle)
    }

    private func keep(_ handle: ImageHandle) {
        if handles.count >= Self.handlesMax, let oldest = handles.min(by: { $0.value.used < $1.value.used }) {
            handles[oldest.key] = nil
        }
        uses += 1
        handles[handle.name] = (handle, uses)
    }

    func forgetHandle(_ name: ImageName) {
        handles[name] = nil
        verified[name.key] = nil
    }
}
