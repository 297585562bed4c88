// An open image file whose bytes were checked against its name.

/// A descriptor that many answers share. Read it by offset (sendfile, pread): its position is nobody's. Closed when the last
/// answer lets go, which may be after the file was removed.
final class ImageHandle: Sendable {
    let name: ImageName
    let descriptor: Int32
    let bytes: Int
    /// Nanoseconds since 1970.
    let modified: Int64
    private let files: FileWriter

    /// Takes over `descriptor`.
    init(name: ImageName, descriptor: Int32, status: FileStatus, files: FileWriter) {
        self.name = name
        self.descriptor = descriptor
        self.files = files
        bytes = status.bytes
        modified = status.modified
    }

    deinit { _ = files.calls.close(descriptor) }

    /// Whether the file still is what was checked: nobody cut it or wrote to it.
    var isUnchanged: Bool {
        var status = FileStatus()
        return files.calls.statusOfOpen(descriptor, &status) == 0 && status.links > 0 && status.bytes == bytes
            && status.modified == modified
    }
}
