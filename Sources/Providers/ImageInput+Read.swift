// The bytes of a picture that a request brings, read off the loop.
internal import EdgeLoop
internal import Glibc
package import ImageFormats

extension ImageInput {
    /// What pictures of requests may have at most.
    public static let bytesMax = 10 << 20

    /// All of its bytes, and what they are.
    /// - Throws: ``ImageInputError`` when the file cannot be read, is too large, or is no PNG, JPEG or WebP.
    package func read() async throws(ImageInputError) -> (bytes: [UInt8], type: ImageType) {
        let path = path
        guard !path.isEmpty else { throw ImageInputError(reason: "its bytes are not here") }
        let outcome = await Self.load(path)
        let bytes = try outcome.get()
        guard let type = ImageType(of: bytes), [.png, .jpeg, .webp].contains(type) else {
            throw ImageInputError(reason: "it is no PNG, JPEG or WebP")
        }
        return (bytes, type)
    }

    /// As `data:image/png;base64,...`.
    /// - Throws: ``ImageInputError``, as ``read()``.
    package func dataURI() async throws(ImageInputError) -> String {
        let (bytes, type) = try await read()
        return "data:\(type.mediaType);base64,\(Base64.encode(bytes))"
    }

    @LoopActor
    private static func load(_ path: String) async -> Result<[UInt8], ImageInputError> {
        await Pool.run {
            do throws(ImageInputError) { return .success(try contents(of: path)) } catch { return .failure(error) }
        }
    }

    private static func contents(of path: String) throws(ImageInputError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw ImageInputError(reason: String(cString: strerror(errno))) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw ImageInputError(reason: String(cString: strerror(errno))) }
        guard status.st_size <= bytesMax else {
            throw ImageInputError(reason: "it has more than \(bytesMax >> 20) MiB")
        }
        let size = Int(status.st_size)
        var failure: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = Glibc.read(file, buffer.baseAddress.map { $0 + count }, size - count)
                if got > 0 {
                    count += got
                } else if got < 0, errno == EINTR {
                    continue
                } else {
                    if got < 0 { failure = errno }
                    return
                }
            }
        }
        if let failure { throw ImageInputError(reason: String(cString: strerror(failure))) }
        return bytes
    }
}

/// Why a picture of a request cannot be used. Names no path: it is shown to callers.
package struct ImageInputError: Error, Sendable, Equatable, CustomStringConvertible {
    package let reason: String

    package var description: String { "the picture cannot be read: \(reason); send it again" }
}
