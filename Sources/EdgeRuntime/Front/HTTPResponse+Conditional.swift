// Conditional and range requests for image answers.
internal import EdgeHTTP
internal import EdgeLoop

extension HTTPResponse {
    /// What a GET or HEAD of an image gets by its preconditions and its Range; any other answer as it is.
    @LoopActor
    func selected(for request: HTTPRequest) -> HTTPResponse {
        guard status == 200, request.method == "GET" || request.method == "HEAD", let etag = headers["ETag"] else {
            return self
        }
        let tag = String(etag.dropFirst().dropLast())
        switch body {
        case .file(let region):
            return HTTPRepresentation(etag: tag, count: region.count)
                .respond(to: request, headers: headers) { .file(HTTPFileRegion(region.file, range: $0)) }
        case .bytes(let bytes):
            return HTTPRepresentation(etag: tag, count: bytes.count)
                .respond(to: request, headers: headers) { .bytes(Array(bytes[$0])) }
        case .empty, .stream, .reader: return self
        }
    }
}
