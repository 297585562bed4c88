// Conditional and range requests for image answers.
internal import EdgeHTTP
internal import EdgeLoop

extension HTTPResponse {
    /// What a GET or HEAD of an image gets by its preconditions and its Range; any other answer as it is.
    @LoopActor
    func selected(for request: HTTPRequest) -> HTTPResponse {
        guard status == 200, request.method == "GET" || request.method == "HEAD", case .file(let region) = body,
            let etag = headers["ETag"]
        else { return self }
        let image = HTTPRepresentation(etag: String(etag.dropFirst().dropLast()), count: region.count)
        return image.respond(to: request, headers: headers) { .file(HTTPFileRegion(region.file, range: $0)) }
    }
}
