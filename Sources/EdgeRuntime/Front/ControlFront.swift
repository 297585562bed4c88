// The control socket of one isolate (isolate-protocol.md).
internal import Callers
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

/// Answers what a function asks its host. Who connects to an isolate's socket is that isolate.
@LoopActor
final class ControlFront: HTTPHandler {
    private let function: String
    private let hasCall: @LoopActor (String) -> Bool
    private let jobs: JobAccess
    private let images: ImageFiles
    private let grants: @LoopActor () -> Set<FunctionEntry.Grant>
    private let service: @LoopActor () async -> JSONObject
    private let log: LogWriter
    private let refused: @LoopActor (Problem) -> Void

    private static let bodyBytesMax = 64 << 10
    /// An unfinished picture.
    private static let partialBytesMax = 8 << 20

    /// - Parameters:
    ///   - hasCall: whether the isolate has a call with that request id, which for a run is its job's.
    ///   - refused: counts what was refused: the host sees the function's answer alone, which may be in words of its own.
    init(
        function: String,
        hasCall: @escaping @LoopActor (String) -> Bool,
        jobs: JobAccess,
        images: ImageFiles,
        grants: @escaping @LoopActor () -> Set<FunctionEntry.Grant>,
        service: @escaping @LoopActor () async -> JSONObject,
        log: LogWriter,
        refused: @escaping @LoopActor (Problem) -> Void
    ) {
        self.function = function
        self.hasCall = hasCall
        self.jobs = jobs
        self.images = images
        self.grants = grants
        self.service = service
        self.log = log
        self.refused = refused
    }

    func bodyLimit(method: String, path: String) -> Int {
        path.hasSuffix("/partial") ? Self.partialBytesMax : Self.bodyBytesMax
    }

    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        let id = request.headers["Edge-Request-Id"]
        do {
            return try await respond(request)
        } catch {
            let (problem, isFault) = Problem.told(error, function: function)
            if isFault { log.write(.error, "\(error)", function: function, requestID: id) }
            refused(problem)
            return problem.response(requestID: id ?? "")
        }
    }

    private func respond(_ request: HTTPRequest) async throws -> HTTPResponse {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        let base = request.headers["Edge-Base-URL"] ?? ""
        switch (
            request.method, parts.count, parts.first, parts.count > 1 ? parts[1] : "", parts.count > 3 ? parts[3] : ""
        ) {
        case ("GET", 2, "v1", "service", _):
            try needs(.jobs)
            return HTTPResponse(
                headers: ["Content-Type": "application/json", "Cache-Control": "no-store"],
                body: .bytes(await service().encoded())
            )
        case ("GET", 3, "v1", "jobs", _):
            try needs(.jobs)
            return try await jobs.document(parts[2], wait: Self.wait(request.query), base: base)
        case ("GET", 4, "v1", "jobs", "events"):
            try needs(.jobs)
            return try await jobs.events(parts[2], base: base)
        case ("DELETE", 3, "v1", "jobs", _):
            try needs(.jobs)
            return try await jobs.delete(parts[2], by: Caller(askedFor: request.headers), base: base)
        case ("PUT", 4, "v1", "jobs", "progress"):
            let body = try await body(request)
            try setProgress(body, of: try running(parts[2], request))
            return HTTPResponse(status: 204)
        case ("PUT", 4, "v1", "jobs", "state"):
            let body = try await body(request)
            try await setState(body, of: try running(parts[2], request))
            return HTTPResponse(status: 204)
        case ("PUT", 4, "v1", "jobs", "partial"):
            try await showPartial(request, of: try running(parts[2], request))
            return HTTPResponse(status: 204)
        default:
            throw Problem(
                status: 404,
                code: "not_found",
                message: "the control socket has no \(request.method) \(request.path)"
            )
        }
    }

    private func needs(_ grant: FunctionEntry.Grant) throws(Problem) {
        guard grants().contains(grant) else {
            throw Problem(
                status: 403,
                code: "not_granted",
                message:
                    "the function \(function) may not do this; add \"\(grant.rawValue)\" to its grants in functions.json"
            )
        }
    }

    private func body(_ request: HTTPRequest) async throws -> JSONValue {
        do {
            return try JSONValue.parse(try await request.body.collect(upTo: Self.bodyBytesMax))
        } catch let error as JSONError {
            throw Problem(status: 400, code: "bad_json", message: "the body is not JSON: \(error)")
        }
    }

    /// The work that this isolate runs under that id. A run that the host has given up may go on in another isolate, or in this one
    /// beside the next run of the same job: what it says late is of a task that the job has left.
    private func running(_ id: String, _ request: HTTPRequest) throws(Problem) -> Generation {
        guard hasCall(id), let generation = jobs.board.running(id, by: function) else {
            throw Problem(
                status: 404,
                code: "not_running",
                message: "this process of the function \(function) runs no job \(id.prefix(64)) now"
            )
        }
        let attempt = request.headers["Edge-Attempt-Id"]
        guard attempt == nil || attempt == generation.attempts.last?.id else {
            throw Problem(
                status: 409,
                code: "earlier_attempt",
                message: "the attempt \(attempt?.prefix(64) ?? "") is over: the job \(id.prefix(64)) is at a later one"
            )
        }
        return generation
    }

    private func setProgress(_ body: JSONValue, of generation: Generation) throws {
        guard let fraction = body["fraction"]?.double, (0...1).contains(fraction) else {
            throw Problem(
                status: 400,
                code: "bad_progress",
                message: "\"fraction\" is missing or not from 0 to 1",
                field: "fraction"
            )
        }
        jobs.board.setProgress(
            Progress(fraction: fraction, note: body["note"]?.string.map { String($0.prefix(200)) }),
            of: generation
        )
    }

    private func setState(_ body: JSONValue, of generation: Generation) async throws {
        let state = body.encoded()
        guard state.count <= RunReading.stateBytesMax else {
            throw Problem(
                status: 413,
                code: "state_too_large",
                message: "the state has \(state.count) bytes; at most \(RunReading.stateBytesMax) are kept"
            )
        }
        try await jobs.board.setState(state, of: generation)
    }

    /// A picture that is not finished yet goes by way of a file to who waits for it, piece by piece.
    private func showPartial(_ request: HTTPRequest, of generation: Generation) async throws {
        let ending = ImageFileType.fileExtension(ofType: request.headers["Content-Type"] ?? "")
        guard ending != "bin", ending != "mp4" else {
            throw Problem(
                status: 415,
                code: "picture_type",
                message: "an unfinished picture is an image, by Content-Type"
            )
        }
        guard generation.partials?.hasRoom == true, images.state.hasRoom else {
            throw Problem(status: 409, code: "not_wanted", message: "nobody waits for another unfinished picture")
        }
        let facts = try ArtifactReader.facts(request.headers["Edge-Result"])
        let writer = images.begin(bytesMax: Self.partialBytesMax)
        while let piece = try await request.body.next() { try await writer.append(piece) }
        guard writer.bytes > 0 else { throw Problem(status: 400, code: "empty", message: "the picture has no bytes") }
        let image = try await writer.finishUnnamed(ext: ending)
        // Its run may have ended, and another one begun, while it came.
        guard try running(generation.id, request) === generation else { return }
        var picture = PartialPicture(
            image: image,
            type: ImageFileType.type(ofExtension: ending) ?? "",
            index: Self.number("index", in: request.query) ?? 0
        )
        picture.width = facts["width"]?.integer.map { Int(clamping: $0) }
        picture.height = facts["height"]?.integer.map { Int(clamping: $0) }
        picture.quality = Self.word(facts["quality"])
        picture.background = Self.word(facts["background"])
        generation.partials?.show(picture)
    }

    /// One of the API's short words; whatever else a provider may say is not handed on.
    private static func word(_ value: JSONValue?) -> String? {
        guard let text = value?.string, text.utf8.count <= 16, text.utf8.allSatisfy({ (0x61...0x7a).contains($0) })
        else { return nil }
        return text
    }

    /// `?wait=N` in whole seconds; anything else is no wait.
    private static func wait(_ query: String?) -> Duration? {
        guard let seconds = number("wait", in: query), seconds > 0 else { return nil }
        return min(.seconds(min(seconds, 1_000_000)), JobFront.waitMax)
    }

    private static func number(_ name: String, in query: String?) -> Int? {
        let pair = (query ?? "").split(separator: "&").first { $0.hasPrefix("\(name)=") }
        return pair.flatMap { Int($0.dropFirst(name.utf8.count + 1)) }
    }
}
