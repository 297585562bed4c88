// GET /images/<sha256>.<ext>: immutable files.
internal import EdgeHTTP
internal import EdgeLoop

/// Serves stored images. A damaged file is never served: it is as if it were not there.
@LoopActor
struct ImageFront {
    let images: ImageFiles

    func answer(sha256: String, suffix: String) async throws -> HTTPResponse {
        guard let type = ImageFileType.type(ofExtension: suffix), let name = ImageName(sha256: sha256, ext: suffix),
            let handle = try await images.open(name)
        else { throw Problem.notFound }
        return HTTPResponse(
            headers: [
                "Content-Type": type, "ETag": "\"\(sha256)\"", "Cache-Control": "public, max-age=31536000, immutable",
                "X-Content-Type-Options": "nosniff",
            ],
            body: .file(handle.region)
        )
    }
}
