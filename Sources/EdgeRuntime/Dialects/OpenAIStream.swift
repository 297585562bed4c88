// Images as the events of OpenAI's streams (facts/openai-images.md 5).
internal import CivilTime
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

/// A stream that begins with the first unfinished picture. What goes wrong before it is a status like any other.
@LoopActor
struct OpenAIStream {
    let feed: PartialFeed
    let isEdit: Bool
    /// What a client is told of an error.
    let told: @LoopActor @Sendable (any Error) -> OpenAIError

    /// - Parameter make: makes the images, and tells the feed of what comes before them.
    func response(
        _ make: @escaping @LoopActor @Sendable (PartialFeed?) async throws -> [OpenAIImage]
    ) async throws -> HTTPResponse {
        let making = Task(executorPreference: LoopActor.tasks) { try await made(make) }
        let isThere = await feed.wait()
        guard isThere, !feed.isEmpty else {
            // Its client has left, or there were no unfinished pictures.
            if !isThere { making.cancel() }
            return Self.response(try await making.value, isEdit: isEdit)
        }
        var response = Self.head
        response.body = .stream(length: nil) { writer in
            defer { making.cancel() }  // a client that leaves ends its wait; the work goes on
            try await writeEvents(of: making, to: writer)
        }
        return response
    }

    private func made(
        _ make: @LoopActor @Sendable (PartialFeed?) async throws -> [OpenAIImage]
    ) async throws -> [OpenAIImage] {
        defer { feed.finish() }
        return try await make(feed)
    }

    /// Images that are whole: an event each.
    static func response(_ images: [OpenAIImage], isEdit: Bool) -> HTTPResponse {
        var body = Base64Body()
        for image in images { addCompleted(image, isEdit: isEdit, to: &body) }
        var response = head
        response.headers["Cache-Status"] = images.first?.cacheStatus ?? "edge"
        response.body = body.body
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

    private func writeEvents(of making: Task<[OpenAIImage], any Error>, to writer: HTTPBodyWriter) async throws {
        while true {
            if let picture = feed.next() {
                try await event(picture).write(to: writer)
            } else if feed.isOver {
                break
            } else if !(await feed.wait(atMost: JobEvents.heartbeat)) {
                try Task.checkCancellation()
                try await writer.write(EventText.heartbeat)
            }
        }
        let images: [OpenAIImage]
        do {
            images = try await making.value
        } catch {
            let body = String(decoding: told(error).body, as: UTF8.self)
            return try await writer.write("event: error\ndata: {\"type\":\"error\",\(body.dropFirst())\n\n")
        }
        for image in images {
            var body = Base64Body()
            Self.addCompleted(image, isEdit: isEdit, to: &body)
            try await body.write(to: writer)
        }
    }

    private func event(_ picture: PartialPicture) -> Base64Body {
        var facts = OpenAIImage.shape(type: picture.type, width: picture.width, height: picture.height)
        facts["partial_image_index"] = .integer(Int64(picture.index))
        var body = Base64Body()
        Self.add(
            "\(isEdit ? "image_edit" : "image_generation").partial_image",
            facts,
            quality: picture.quality,
            background: picture.background,
            picture.image,
            to: &body
        )
        return body
    }

    private static func addCompleted(_ image: OpenAIImage, isEdit: Bool, to body: inout Base64Body) {
        var facts = image.shape
        facts["usage"] = image.usage
        add(
            "\(isEdit ? "image_edit" : "image_generation").completed",
            facts,
            quality: image.quality,
            background: image.background,
            image.handle,
            to: &body
        )
    }

    private static func add(
        _ name: String,
        _ more: JSONObject,
        quality: String?,
        background: String?,
        _ image: ImageHandle,
        to body: inout Base64Body
    ) {
        var facts: JSONObject = [
            "type": .string(name), "created_at": .integer(OpenAIFront.seconds(.now())),
            "quality": .string(quality ?? "auto"), "background": .string(background ?? "auto"),
        ]
        for member in more.members { facts[member.key] = member.value }
        body.add("event: \(name)\ndata: \(JSONValue.object(facts).text().dropLast()),\"b64_json\":\"")
        body.add(image)
        body.add("\"}\n\n")
    }
}
