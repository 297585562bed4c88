// Answers that were given before for the same bytes, given again without a question to anybody.
internal import Callers
internal import CivilTime
internal import EdgeHTTP
internal import EdgeLoop
internal import Glibc
internal import Secrets

/// The fast path of cached images. Valid within one generation of manifest, secrets, settings and programs: any change empties it.
@LoopActor
final class RecallFront {
    /// One prepared answer.
    final class Answer {
        let response: HTTPCannedResponse
        let request: LogLine
        let redactor: Redactor
        /// Rendered when it is asked for: few of the answers that are remembered are given again.
        private(set) lazy var line = RecallLine.Rendered(request, redactor: redactor)
        let function: String
        let bytes: Int
        let expires: Timestamp
        /// Of the result that it shows.
        let cacheKey: String
        /// When the cache was last told of a use.
        var told: Timestamp?
        /// The image's file, to see that it is there and unchanged, also when the bytes are in memory.
        let handle: ImageHandle

        init(
            response: HTTPCannedResponse,
            request: LogLine,
            redactor: Redactor,
            function: String,
            bytes: Int,
            expires: Timestamp,
            cacheKey: String,
            handle: ImageHandle
        ) {
            self.response = response
            self.request = request
            self.redactor = redactor
            self.function = function
            self.bytes = bytes
            self.expires = expires
            self.cacheKey = cacheKey
            self.handle = handle
        }
    }

    private let images: ImageFiles
    private var recall = Recall<Answer>()
    private var key = RecallKey()
    /// Grows whenever everything was forgotten: what was begun before must not be remembered after.
    private(set) var generation = 0
    /// Told of a key whose result is in use, so that the cache does not let it go first: at the first use, then now and then.
    var onUse: @LoopActor (String) -> Void = { _ in }
    /// Whether answers name the Origin that they are for.
    var hasOrigins = false
    /// Whether every request has to be counted, which only the whole way does.
    var standsAside = false
    /// What is replaced in log lines; a change of it comes with ``forgetAll()``.
    var redactor = Redactor.none

    /// An image of at most this size is answered from memory; a larger one is sent by the kernel from its file.
    private static let memoryBytesMax = 32 << 10
    private static let useInterval = Duration.seconds(60)
    /// How long an answer is remembered: its Cache-Control counts from the time it was made.
    private static let keptFor = Duration.seconds(600)

    init(images: ImageFiles) { self.images = images }

    func lookup(_ view: borrowing HTTPRequestView) -> Answer? {
        guard !standsAside, recall.count > 0, key.take(view, hasOrigins: hasOrigins) else { return nil }
        let now = Timestamp.now()
        guard let answer = key.bytes.withUnsafeBytes({ recall.lookup($0) }), answer.expires > now else { return nil }
        guard answer.handle.isUnchanged else { return nil }
        if answer.told.map({ now - $0 >= Self.useInterval }) ?? true {
            answer.told = now
            onUse(answer.cacheKey)
        }
        return answer
    }

    /// Remembers an image answer for the request's bytes, in a task: there may be a file to wait for.
    /// - Parameter begun: the ``generation`` when the answer was begun.
    func remember(_ response: HTTPResponse, for context: RequestContext, _ notes: RequestNotes, since begun: Int) {
        guard response.status == 200, Self.isWhole(response.body), let cacheKey = notes.cacheKey,
            let expires = notes.expires, let body = notes.body,
            let function = notes.function,
            body.count <= HTTPLimits().recallBodyBytes,
            context.request.method == "POST" || context.request.method == "GET", let name = Self.name(of: response)
        else { return }
        Task(executorPreference: LoopActor.tasks) {
            await self.keep(
                response,
                name,
                for: context,
                body,
                Source(
                    function: function,
                    cacheKey: cacheKey,
                    expires: min(expires, notes.caller?.ends ?? expires),
                    caller: notes.caller?.logged
                ),
                since: begun
            )
        }
    }

    /// Where an answer comes from.
    private struct Source {
        let function: String
        let cacheKey: String
        let expires: Timestamp
        /// A known caller, whose credential is part of what is remembered.
        let caller: String?
    }

    private func keep(
        _ response: HTTPResponse,
        _ name: ImageName,
        for context: RequestContext,
        _ body: [UInt8],
        _ source: Source,
        since begun: Int
    ) async {
        // An image that is answered before it is durable is waited for here.
        guard let handle = await images.settledHandle(name) else { return }
        var headers = response.headers
        headers.remove("X-Request-Id")
        headers["Cache-Status"] = "edge; hit"
        let isSmall = handle.bytes <= Self.memoryBytesMax
        let canned: HTTPCannedResponse
        if isSmall {
            guard let bytes = await contents(of: response.body, handle) else { return }
            canned = HTTPCannedResponse(headers: headers, body: bytes)
        } else {
            canned = HTTPCannedResponse(headers: headers, file: handle.region)
        }
        guard begun == generation, key.take(context.request, body: body, hasOrigins: hasOrigins) else { return }
        let answer = Answer(
            response: canned,
            request: LogLine(
                requestID: "",
                method: context.request.method,
                target: context.request.target,
                status: 200,
                bytes: handle.bytes,
                duration: .zero,
                function: source.function,
                cache: "recall",
                caller: source.caller
            ),
            redactor: redactor,
            function: source.function,
            bytes: handle.bytes,
            expires: min(Timestamp.now() + Self.keptFor, source.expires),
            cacheKey: source.cacheKey,
            handle: handle
        )
        recall.insert(key: key.bytes, value: answer, cacheKey: source.cacheKey, valueBytes: isSmall ? handle.bytes : 0)
    }

    private static func isWhole(_ body: HTTPResponse.Body) -> Bool {
        switch body {
        case .file(let region): region.count == region.file.size
        case .bytes: true  // of an image: a part of one has another status
        case .empty, .stream, .reader: false
        }
    }

    /// What a small image's answer has in memory, or its file.
    private func contents(of body: HTTPResponse.Body, _ handle: ImageHandle) async -> [UInt8]? {
        if case .bytes(let bytes) = body { return bytes }
        return await images.state.files.run(bytes: handle.bytes) { handle.contents() }
    }

    /// Image answers say where the image itself is.
    private static func name(of response: HTTPResponse) -> ImageName? {
        guard let path = response.headers["Content-Location"], let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        else { return nil }
        return ImageName(fileName: path[path.utf8.index(after: slash)...])
    }

    func forgetAll() {
        generation += 1
        recall.forgetAll()
    }

    func forget(cacheKey: String) {
        generation += 1
        recall.forget(cacheKey: cacheKey)
    }
}

extension ImageHandle {
    /// All of its bytes, for the pool; nil when the file was cut.
    fileprivate func contents() -> [UInt8]? {
        let all = [UInt8](unsafeUninitializedCapacity: bytes) { all, done in
            while done < bytes {
                let count = pread(descriptor, all.baseAddress?.advanced(by: done), bytes - done, off_t(done))
                guard count > 0 else { return }
                done += count
            }
        }
        return all.count == bytes ? all : nil
    }
}
