// Images as the events of OpenAI's streams (facts/openai-images.md 5).
internal import CivilTime
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

/// A stream that begins with the first picture, finished or not. What goes wrong before it is a status like any other.
@LoopActor
struct OpenAIStream {
    let feed: ImageFeed
    let isEdit: Bool
    /// What a client is told of an error when the stream has begun.
    let told: @LoopActor @Sendable (any Error) -> OpenAIError

    /// - Parameter make: makes the images, and tells the feed of each. It ends when the last of them has ended.
    func response(_ make: @escaping @LoopActor @Sendable () async throws -> Void) async throws -> HTTPResponse {
        let work = StreamedWork(feed, make)
        guard await feed.wait() else {
            work.cancel()  // its client has left
            try await work.end()
            throw CancellationError()
        }
        var failure: (any Error)?
        if feed.isOver { do { try await work.end() } catch { failure = error } }
        if let failure, feed.first == nil { throw failure }
        var response = Self.head
        if case .whole(let image) = feed.first { response.headers["Cache-Status"] = image.cacheStatus }
        guard !feed.isOver || failure != nil else {
            var body = Base64Body()
            while let item = feed.next() { add(item, to: &body) }
            response.body = body.body
            return response
        }
        // A client that leaves lets go of the body, begun or not, and so ends its wait; the jobs go on.
        response.body = .stream(length: nil) { writer in
            defer { work.cancel() }
            try await writeEvents(of: work, to: writer)
        }
        return response
    }

    private static var head: HTTPResponse {
        HTTPResponse(
            headers: [
                "Content-Type": "text/event-stream", "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",  // nginx in front would hold the events back
            ]
        )
    }

    private func writeEvents(of work: StreamedWork, to writer: HTTPBodyWriter) async throws {
        while true {
            if let item = feed.next() {
                var body = Base64Body()
                add(item, to: &body)
                try await body.write(to: writer)
            } else if feed.isOver {
                break
            } else if !(await feed.wait(atMost: JobEvents.heartbeat)) {
                try Task.checkCancellation()
                try await writer.write(EventText.heartbeat)
            }
        }
        do {
            try await work.end()
        } catch {
            let body = String(decoding: told(error).body, as: UTF8.self)
            try await writer.write("event: error\ndata: {\"type\":\"error\",\(body.dropFirst())\n\n")
        }
    }

    private func add(_ item: ImageFeed.Item, to body: inout Base64Body) {
        let call = isEdit ? "image_edit" : "image_generation"
        switch item {
        case .partial(let picture):
            var facts = OpenAIImage.shape(type: picture.type, width: picture.width, height: picture.height)
            facts["partial_image_index"] = .integer(Int64(picture.index))
            let looks = (picture.quality, picture.background)
            Self.add("\(call).partial_image", facts, looks, picture.image, to: &body)
        case .whole(let image):
            var facts = image.shape
            facts["usage"] = image.usage
            Self.add("\(call).completed", facts, (image.quality, image.background), image.handle, to: &body)
        }
    }

    private static func add(
        _ name: String,
        _ more: JSONObject,
        _ looks: (quality: String?, background: String?),
        _ image: ImageHandle,
        to body: inout Base64Body
    ) {
        var facts: JSONObject = [
            "type": .string(name), "created_at": .integer(OpenAIFront.seconds(.now())),
            "quality": .string(looks.quality ?? "auto"), "background": .string(looks.background ?? "auto"),
        ]
        for member in more.members { facts[member.key] = member.value }
        body.add("event: \(name)\ndata: \(JSONValue.object(facts).text().dropLast()),\"b64_json\":\"")
        body.add(image)
        body.add("\"}\n\n")
    }
}

/// What makes the images of one stream. It lives as long as the answer: nothing waits for images whose stream nobody sends.
private final class StreamedWork: Sendable {
    private let task: Task<Void, any Error>

    @LoopActor
    init(_ feed: ImageFeed, _ make: @escaping @LoopActor @Sendable () async throws -> Void) {
        task = Task(executorPreference: LoopActor.tasks) { try await Self.run(feed, make) }
    }

    @LoopActor
    private static func run(_ feed: ImageFeed, _ make: @LoopActor () async throws -> Void) async throws {
        defer { feed.finish() }
        try await make()
    }

    deinit { task.cancel() }

    func cancel() { task.cancel() }

    /// Returns when all images have ended.
    func end() async throws { try await task.value }
}
