// An image that arrives in pieces: hashed and written as it comes, never whole in memory.
internal import Digest
internal import EdgeLoop

/// One image on its way to disk. Await each call before the next. Released unfinished, it removes what it wrote.
@LoopActor
final class ImageWriter {
    private enum State: Sendable {
        case empty
        case open(Int32)
        case held([UInt8], ImageName, ImageLease)
        case failed(StateError)
        case sealed(ImageHandle, ImageLease)
        case done
    }

    /// Bytes of an image that may be held: hashed on the loop, where it takes some 20 µs.
    static let heldMax = 32 << 10

    private let images: ImageFiles
    private let path: String
    private let bytesMax: Int
    private var hash = SHA256()
    private var state = State.empty
    private var isBusy = false
    /// Bytes taken so far.
    private(set) var bytes = 0

    init(images: ImageFiles, path: String, bytesMax: Int) {
        self.images = images
        self.path = path
        self.bytesMax = bytesMax
    }

    /// - Throws: what failed, from then on at every call; nothing of the image stays.
    func append(_ piece: [UInt8]) async throws(StateError) {
        let descriptor = try begin()
        guard bytes + piece.count <= bytesMax else {
            throw await fail(.tooLarge(what: "image", bytes: bytes + piece.count, allowed: bytesMax), descriptor)
        }
        isBusy = true
        let files = images.state.files
        let (path, hash) = (path, hash)
        let result = await files.run(bytes: piece.count) {
            Result { () throws(StateError) in try Self.write(piece, hash, descriptor, path, files) }
        }
        isBusy = false
        switch result {
        case .success((let descriptor, let hash)):
            state = .open(descriptor)
            self.hash = hash
            bytes += piece.count
        case .failure(let error):
            state = .failed(error)
            throw error
        }
    }

    /// Takes an image that is there at once, of at most ``heldMax`` bytes, and says its name; it is written by ``finish(ext:)``.
    ///
    /// Until that has ended, whoever opens an image of that name waits for it.
    /// - Parameter ext: "png".
    func hold(_ whole: [UInt8], ext: String) async throws(StateError) -> ImageName {
        let descriptor = try begin()
        precondition(descriptor == nil, "an image is held instead of written in pieces")
        guard whole.count <= bytesMax else {
            throw await fail(.tooLarge(what: "image", bytes: whole.count, allowed: bytesMax), nil)
        }
        hash.update(whole)
        guard let name = ImageName(sha256: hash.finishHex(), ext: ext) else {
            throw await fail(.badName(what: "file extension", name: ext), nil)
        }
        bytes = whole.count
        let lease = ImageLease(name, in: images)
        isBusy = true
        await images.gate.enter(name.key)
        isBusy = false
        state = .held(whole, name, lease)
        return name
    }

    /// Writes what is held. The caller is inside the gate.
    private func write(_ whole: [UInt8], _ name: ImageName, _ lease: ImageLease) async throws(StateError) {
        let files = images.state.files
        let path = path
        isBusy = true
        defer { isBusy = false }
        do throws(StateError) {
            let (descriptor, status) = try await files.perform(bytes: whole.count) { () throws(StateError) in
                try Self.writeWhole(whole, path, files)
            }
            let handle = ImageHandle(name: name, descriptor: descriptor, status: status, files: files)
            state = .sealed(handle, lease)
        } catch {
            state = .failed(error)
            images.gate.leave(name.key)
            throw error
        }
    }

    /// Ends the pieces: the image is whole, and can be read from its open file, but neither durable nor under its name yet.
    ///
    /// Until ``finish(ext:)`` has ended, whoever opens an image of that name waits for it.
    /// - Parameter ext: "png".
    func seal(ext: String) async throws(StateError) -> ImageHandle {
        if case .sealed(let handle, _) = state { return handle }
        var descriptor = try begin()
        guard let name = ImageName(sha256: hash.finishHex(), ext: ext) else {
            throw await fail(.badName(what: "file extension", name: ext), descriptor)
        }
        let files = images.state.files
        let path = path
        isBusy = true
        defer { isBusy = false }
        if descriptor == nil {
            descriptor = try await files.perform { () throws(StateError) in try files.create(path) }
        }
        guard let descriptor else { preconditionFailure("a file was made") }
        var status = FileStatus()
        let code = files.calls.statusOfOpen(descriptor, &status)
        guard code == 0 else { throw await fail(.failed(doing: "look at", path: path, code: -code), descriptor) }
        let lease = ImageLease(name, in: images)
        await images.gate.enter(name.key)
        let handle = ImageHandle(name: name, descriptor: descriptor, status: status, files: files)
        state = .sealed(handle, lease)
        return handle
    }

    /// Ends the pieces of an image that nothing will refer to: it is read from its open file, which has no name any more and goes with
    /// the last reader.
    /// - Parameter ext: "png".
    func finishUnnamed(ext: String) async throws(StateError) -> ImageHandle {
        let descriptor = try begin()
        guard let descriptor, let name = ImageName(sha256: hash.finishHex(), ext: ext) else {
            throw await fail(.badName(what: "file extension", name: ext), descriptor)
        }
        let files = images.state.files
        let path = path
        var status = FileStatus()
        let code = files.calls.statusOfOpen(descriptor, &status)
        guard code == 0 else { throw await fail(.failed(doing: "look at", path: path, code: -code), descriptor) }
        let handle = ImageHandle(name: name, descriptor: descriptor, status: status, files: files)
        state = .done
        await files.run { files.discard(path) }
        return handle
    }

    /// Makes the image durable under the name that its bytes have. Its file stays open for the next answers.
    /// - Parameter ext: "png".
    func finish(ext: String) async throws(StateError) -> StoredImage {
        if case .held(let whole, let name, let lease) = state { try await write(whole, name, lease) }
        _ = try await seal(ext: ext)
        guard case .sealed(let handle, let lease) = state else { preconditionFailure("it was sealed") }
        isBusy = true
        state = .done
        defer {
            isBusy = false
            images.gate.leave(handle.name.key)
        }
        let files = images.state.files
        let path = path
        try await images.publish(path, handle.name, bytes: bytes) { () throws(StateError) in
            try files.sync(handle.descriptor, path)
        }
        images.adopt(handle)
        return StoredImage(name: handle.name, bytes: bytes, path: images.path(of: handle.name), lease: lease)
    }

    /// Appends to the open file, or makes it; on an error the file is closed and removed.
    private static nonisolated func write(
        _ piece: [UInt8],
        _ hash: SHA256,
        _ descriptor: Int32?,
        _ path: String,
        _ files: FileWriter
    ) throws(StateError) -> (Int32, SHA256) {
        let open = if let descriptor { descriptor } else { try files.create(path) }
        do throws(StateError) {
            try piece.withUnsafeBufferPointer { (buffer) throws(StateError) in
                try files.append(UnsafeRawBufferPointer(buffer), to: open, path)
            }
        } catch {
            _ = files.calls.close(open)
            files.discard(path)
            throw error
        }
        var hash = hash
        hash.update(piece)
        return (open, hash)
    }

    /// Makes the file with all of its bytes; on an error none stays.
    private static nonisolated func writeWhole(
        _ whole: [UInt8],
        _ path: String,
        _ files: FileWriter
    ) throws(StateError) -> (Int32, FileStatus) {
        let descriptor = try files.create(path)
        do throws(StateError) {
            try whole.withUnsafeBufferPointer { (buffer) throws(StateError) in
                try files.append(UnsafeRawBufferPointer(buffer), to: descriptor, path)
            }
            var status = FileStatus()
            let code = files.calls.statusOfOpen(descriptor, &status)
            guard code == 0 else { throw .failed(doing: "look at", path: path, code: -code) }
            return (descriptor, status)
        } catch {
            _ = files.calls.close(descriptor)
            files.discard(path)
            throw error
        }
    }

    /// The open file; nil before the first piece.
    private func begin() throws(StateError) -> Int32? {
        precondition(!isBusy, "await each piece before the next")
        switch state {
        case .empty: return nil
        case .open(let descriptor): return descriptor
        case .failed(let error): throw error
        case .held, .sealed, .done: preconditionFailure("the image is finished")
        }
    }

    private func fail(_ error: StateError, _ descriptor: Int32?) async -> StateError {
        state = .failed(error)
        let files = images.state.files
        let path = path
        if let descriptor {
            await Pool.run {
                _ = files.calls.close(descriptor)
                files.discard(path)
            }
        }
        return error
    }

    isolated deinit {
        switch state {
        case .open(let descriptor): _ = images.state.files.calls.close(descriptor)
        case .sealed(let handle, _): images.gate.leave(handle.name.key)
        case .held(_, let name, _): return images.gate.leave(name.key)
        case .empty, .failed, .done: return
        }
        images.state.files.discard(path)
    }
}
