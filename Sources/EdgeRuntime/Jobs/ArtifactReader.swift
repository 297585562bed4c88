// A function's artifacts, streamed from its answer into image files.
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON
internal import Secrets

/// Why a 200 from a function is no result. A damaged answer is never kept.
struct ArtifactError: Error, Equatable, CustomStringConvertible {
    let description: String
}

/// A picture that its function found unsafe for work, for a caller who may not have such ones. Nothing of it is kept.
struct NSFWResult: Error {
    /// What the function says that it cost, in micro-dollars.
    let cost: JSONValue?
}

/// Durable images, held until a job or a cache entry refers to them.
struct StoredArtifacts: Sendable {
    var result: JobResult
    var leases: [ImageLease] = []
}

/// A result whose image is whole, and on its way to be durable: enough for who asked for the bytes alone.
struct WholeResult: Sendable {
    let result: JobResult
    /// The image: a small one from memory, before it is written; others from their open file.
    let body: HTTPResponse.Body
}

/// Reads one artifact, or the parts of a multipart/mixed answer. Never holds more than a piece of an image in memory.
@LoopActor
struct ArtifactReader {
    let images: ImageFiles
    /// Whether a picture of which the function says `"nsfw": true` is no result.
    var refusesNSFW = false
    /// Told of a single artifact that is whole; it is made durable when this returns.
    let onWhole: @LoopActor (WholeResult) async -> Void
    /// Set where a caller's own token has paid, which is then taken out of what is told.
    var own: Redactor?

    /// Bytes of `Edge-Result`.
    private static let factsBytesMax = 8 << 10
    /// The type of what is none of the known image types.
    private nonisolated static let noImage = "application/octet-stream"
    /// Images of one answer.
    private static let artifactsMax = 16

    func read(_ response: HTTPResponse) async throws -> StoredArtifacts {
        let type = response.headers["Content-Type"] ?? ""
        let mediaType = Self.mediaType(type)
        if mediaType == Self.noImage, let parts = MultipartReader(contentType: type) {
            return try await read(Self.body(of: response), parts)
        }
        let facts = try facts(response.headers["Edge-Result"])
        let writer = images.begin(bytesMax: FunctionCaller.artifactBytesMax)
        let ext = ImageFileType.fileExtension(ofType: mediaType)
        if case .bytes(let bytes) = response.body, !bytes.isEmpty, bytes.count <= ImageWriter.heldMax {
            let name = try await writer.hold(bytes, ext: ext)
            await show(name, mediaType, facts, .bytes(bytes), count: bytes.count)
        } else {
            let body = Self.body(of: response)
            while let piece = try await body.next() { try await writer.append(piece) }
            if writer.bytes > 0 {
                let image = try await writer.seal(ext: ext)
                await show(image.name, mediaType, facts, .file(image.region), count: image.bytes)
            }
        }
        var artifacts = StoredArtifacts(result: JobResult(images: [], facts: facts))
        try await Self.finish(writer, mediaType, facts, into: &artifacts)
        return artifacts
    }

    private func show(
        _ name: ImageName,
        _ type: String,
        _ facts: JSONObject,
        _ body: HTTPResponse.Body,
        count: Int
    ) async {
        let record = Self.record(name.sha256, type, bytes: count, facts)
        await onWhole(WholeResult(result: JobResult(images: [record], facts: facts), body: body))
    }

    private static func body(of response: HTTPResponse) -> HTTPBodyReader {
        let body = response.reader
        body.readsAhead = false  // while a piece is written: with 64 images at once that would be megabytes
        return body
    }

    private func read(_ body: HTTPBodyReader, _ parts: MultipartReader) async throws -> StoredArtifacts {
        var parts = parts
        var open: (writer: ImageWriter, type: String, facts: JSONObject)?
        var artifacts = StoredArtifacts(result: JobResult(images: [], facts: [:]))
        var count = 0
        while let piece = try await body.next() {
            count += piece.count
            guard count <= FunctionCaller.artifactBytesMax else {
                throw ArtifactError(
                    description: "The function's answer is larger than \(FunctionCaller.artifactBytesMax >> 20) MB."
                )
            }
            for event in try Self.events(of: &parts, piece) {
                switch event {
                case .part(let headers):
                    guard artifacts.leases.count < Self.artifactsMax else {
                        throw ArtifactError(description: "The function made more than \(Self.artifactsMax) artifacts.")
                    }
                    open = (images.begin(), headers["content-type"] ?? "", try facts(headers["edge-result"]))
                case .data(let bytes):
                    try await open?.writer.append(bytes)
                case .end:
                    guard let part = open else { break }
                    if artifacts.leases.isEmpty { artifacts.result.facts = part.facts }
                    try await Self.finish(part.writer, Self.mediaType(part.type), part.facts, into: &artifacts)
                    open = nil
                }
            }
        }
        guard parts.isComplete, !artifacts.leases.isEmpty else {
            throw ArtifactError(description: "The function's multipart answer ended before its last boundary.")
        }
        return artifacts
    }

    private static func events(
        of parts: inout MultipartReader,
        _ piece: [UInt8]
    ) throws(ArtifactError) -> [MultipartReader.Event] {
        do {
            return try parts.take(piece)
        } catch {
            throw ArtifactError(description: "The function's multipart answer is damaged: \(error.reason).")
        }
    }

    private static func finish(
        _ writer: ImageWriter,
        _ type: String,
        _ facts: JSONObject,
        into artifacts: inout StoredArtifacts
    ) async throws {
        guard writer.bytes > 0 else { throw ArtifactError(description: "The function's artifact is empty.") }
        let stored = try await writer.finish(ext: ImageFileType.fileExtension(ofType: type))
        artifacts.leases.append(stored.lease)
        artifacts.result.images.append(
            record(stored.sha256, type, bytes: stored.bytes, facts)
        )
    }

    private static func record(_ sha256: String, _ type: String, bytes: Int, _ facts: JSONObject) -> ImageRecord {
        ImageRecord(
            sha256: sha256,
            type: type,
            bytes: bytes,
            width: facts["width"]?.integer.map { Int(clamping: $0) },
            height: facts["height"]?.integer.map { Int(clamping: $0) }
        )
    }

    /// Before a byte of the picture is read, so that nobody is shown what may not be shown.
    private func facts(_ header: String?) throws -> JSONObject {
        let facts = try Self.facts(own.flatMap { own in header.map { own.redact($0) } } ?? header)
        if refusesNSFW, facts["nsfw"]?.bool == true { throw NSFWResult(cost: own == nil ? facts["cost"] : nil) }
        return own == nil ? facts : Self.ownFacts(facts)
    }

    /// What the function tells of its result.
    static func facts(_ header: String?) throws(ArtifactError) -> JSONObject {
        guard let header else { return [:] }
        guard header.utf8.count <= factsBytesMax else {
            throw ArtifactError(description: "The function's Edge-Result is larger than \(factsBytesMax) bytes.")
        }
        guard let facts = (try? JSONValue.parse(header))?.object else {
            throw ArtifactError(description: "The function's Edge-Result is no JSON object.")
        }
        return facts
    }

    /// The caller's account has paid, and the host's accounts nothing.
    private static func ownFacts(_ facts: JSONObject) -> JSONObject {
        var facts = facts
        facts["own"] = true
        facts["ownCost"] = facts["cost"]
        facts["cost"] = 0
        return facts
    }

    private nonisolated static func mediaType(_ contentType: String) -> String {
        let end = contentType.utf8.firstIndex { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: " ") }
        let type = (end.map { String(contentType[..<$0]) } ?? contentType).lowercased()
        return ImageFileType.fileExtension(ofType: type) == "bin" ? noImage : type
    }
}
