// Opening an image and checking its bytes against its name. Blocks: call it on the pool.
internal import Digest
internal import Glibc

enum ImageCheck: Sendable {
    case sound(ImageHandle)
    /// Missing, or damaged and now removed; with the reason.
    case lost(String)
    case unknown(StateError)

    /// - Parameter mark: how the file looked when its bytes were last checked; nil: hash them now.
    static func open(_ name: ImageName, _ path: String, _ mark: ImageFiles.Mark?, _ files: FileWriter) -> ImageCheck {
        let descriptor = files.calls.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0)
        if descriptor == -ENOENT { return .lost("the file is missing") }
        guard descriptor >= 0 else { return .unknown(.failed(doing: "open", path: path, code: -descriptor)) }
        var status = FileStatus()
        let code = files.calls.statusOfOpen(descriptor, &status)
        let handle = ImageHandle(name: name, descriptor: descriptor, status: status, files: files)  // closes it
        guard code == 0 else { return .unknown(.failed(doing: "look at", path: path, code: -code)) }
        guard status.isFile else { return .unknown(.failed(doing: "read", path: path, code: EISDIR)) }
        if let mark, mark == ImageFiles.Mark(status) { return .sound(handle) }
        do throws(StateError) {
            let digest = try files.digest(descriptor, path)
            if digest.hex == name.sha256, digest.bytes == status.bytes { return .sound(handle) }
            files.discard(path)
            return .lost("its \(digest.bytes) bytes have the SHA-256 \(digest.hex); the file was removed")
        } catch {
            guard !error.isPassing else { return .unknown(error) }
            files.discard(path)
            return .lost("\(error); the file was removed")
        }
    }
}

extension FileWriter {
    /// The bytes looked at or compared at once.
    private static let piece = 65_536

    /// The SHA-256 of an open file's content, and its length.
    func digest(_ descriptor: Int32, _ path: String) throws(StateError) -> (hex: String, bytes: Int) {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.piece, alignment: 16)
        defer { piece.deallocate() }
        var hash = SHA256()
        var offset = 0
        while true {
            let count = calls.read(descriptor, piece, offset)
            if count == -Int(EINTR) { continue }
            guard count >= 0 else { throw .failed(doing: "read", path: path, code: Int32(-count)) }
            guard count > 0 else { return (hash.finishHex(), offset) }
            hash.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
            offset += count
        }
    }

    /// Whether a file has exactly these bytes.
    func holds(_ path: String, _ bytes: [UInt8]) -> Bool {
        guard let status = try? status(path), status.isFile, status.bytes == bytes.count else { return false }
        let descriptor = calls.open(path, O_RDONLY | O_NOFOLLOW, 0)
        guard descriptor >= 0 else { return false }
        defer { _ = calls.close(descriptor) }
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.piece, alignment: 16)
        defer { piece.deallocate() }
        return bytes.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                let count = calls.read(descriptor, piece, offset)
                if count == -Int(EINTR) { continue }
                guard count > 0, offset + count <= bytes.count, let start = bytes.baseAddress,
                    let read = piece.baseAddress,
                    memcmp(start + offset, read, count) == 0
                else { return false }
                offset += count
            }
            return true
        }
    }
}
