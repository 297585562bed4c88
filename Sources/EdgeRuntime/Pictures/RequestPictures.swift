// Takes the pictures out of a request before its function sees it.
internal import Digest
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

/// What a function is asked, with a hash where a picture was.
struct TakenRequest: Sendable {
    var body: [UInt8]
    var contentType: String?
    var target: String
    var pictures: [Picture] = []
    /// The request's own body, when the same bytes mean the same whenever they come; nil: they must be looked at each time.
    var repeatable: [UInt8]?
    /// What ``body`` takes of the memory for large bodies.
    var room: BodyRoom?

    var query: String? { target.firstIndex(of: "?").map { String(target[target.index(after: $0)...]) } }
}

/// Finds pictures in JSON, in a query and in a form.
@LoopActor
struct RequestPictures {
    let store: PictureStore
    let bodies: BodyMemory

    /// Bytes of what is left of a request when its pictures are taken out.
    nonisolated static let fieldsBytesMax = 1 << 20
    /// A body beyond this is parsed on the pool, so that other requests go on meanwhile.
    private static let loopBytesMax = 64 << 10

    /// What is asked of a function that takes no pictures, when the body is here: nothing is waited for. Nil: ``take`` it.
    func takeNow(_ request: HTTPRequest, inputs: [String], bodyBytesMax: Int) throws -> TakenRequest? {
        guard inputs.isEmpty, request.body.isFinished else { return nil }
        let body = request.body.takeReady() ?? []
        guard body.count <= bodyBytesMax else { throw HTTPBodyError.tooLarge(limit: bodyBytesMax) }
        var taken = TakenRequest(body: body, contentType: request.headers["Content-Type"], target: request.target)
        taken.repeatable = body
        return taken
    }

    /// - Parameters:
    ///   - base: what URLs of this host begin with, as this client knows it.
    ///   - inputs: the fields that hold pictures.
    func take(_ request: HTTPRequest, base: String, inputs: [String], bodyBytesMax: Int) async throws -> TakenRequest {
        let contentType = request.headers["Content-Type"]
        if !inputs.isEmpty, FormReader.isForm(contentType), request.method == "POST" {
            let reader = FormReader(store: store, inputs: inputs, bodyBytesMax: bodyBytesMax)
            let form = try await reader.read(request.body, contentType: contentType ?? "")
            let (fields, pictures) = try await fields(of: form, base: base, inputs: inputs)
            return TakenRequest(
                body: fields.encoded(),
                contentType: "application/json",
                target: request.target,
                pictures: pictures
            )
        }
        let held = try await bodies.collect(request.body, upTo: bodyBytesMax)
        var taken = TakenRequest(body: held.bytes, contentType: contentType, target: request.target, room: held.room)
        // A large one is never recalled, and must not stay in memory for as long as its caller waits.
        if held.room == nil { taken.repeatable = held.bytes }
        guard !inputs.isEmpty else { return taken }
        if request.method == "POST" {
            if var fields = await Self.object(held.bytes), inputs.contains(where: { Self.isGiven(fields[$0]) }) {
                let found = try await takePictures(from: &fields, base: base, inputs: inputs)
                taken.body = fields.encoded()
                taken.room = nil
                held.room?.giveBack()
                taken.pictures = found.pictures
                if found.hasOwn { taken.repeatable = nil }
            }
            guard taken.body.count <= Self.fieldsBytesMax else { throw Problem.fieldsTooLarge }
        } else if let query = request.query {
            try await takePictures(from: query, into: &taken, base: base, inputs: inputs)
        }
        return taken
    }

    // MARK: JSON

    /// Replaces each picture in `fields` by its hash.
    /// - Returns: the pictures, and whether one was named by its URL: then it must be looked for at every request.
    func takePictures(
        from fields: inout JSONObject,
        base: String,
        inputs: [String]
    ) async throws -> (pictures: [Picture], hasOwn: Bool) {
        var pictures: [Picture] = []
        var hasOwn = false
        for name in inputs {
            guard let value = fields[name], !value.isNull else { continue }
            if let several = value.array {
                var references: [JSONValue] = []
                for one in several {
                    references.append(try await take(one, name, base, &pictures, &hasOwn))
                }
                fields[name] = .array(references)
            } else {
                fields[name] = try await take(value, name, base, &pictures, &hasOwn)
            }
        }
        return (pictures, hasOwn)
    }

    private func take(
        _ value: JSONValue,
        _ field: String,
        _ base: String,
        _ pictures: inout [Picture],
        _ hasOwn: inout Bool
    ) async throws -> JSONValue {
        guard let text = value.string else { throw Problem.pictureSource(field, "is \(value.kind)") }
        guard pictures.count < Picture.countMax else {
            throw Problem.pictureSource(field, "is one of more than \(Picture.countMax) pictures")
        }
        let picture = try await picture(text, field: field, base: base)
        if !DataURI.isOne(text) { hasOwn = true }
        pictures.append(picture)
        return picture.reference
    }

    /// The picture that a text holds or names.
    private func picture(_ text: String, field: String, base: String) async throws -> Picture {
        if DataURI.isOne(text) {
            // Before it is decoded: what is far too large needs no memory for it.
            guard text.utf8.count <= Base64Text.length(of: Picture.bytesMax) + Self.headBytesMax else {
                throw Problem.pictureTooLarge(field)
            }
            let result: Result<[UInt8], DataURI.Mistake> = await Pool.run {
                Result { () throws(DataURI.Mistake) in try DataURI.bytes(of: text) }
            }
            switch result {
            case .success(let bytes): return try await store.put(bytes, field: field)
            case .failure(let mistake): throw Problem.pictureSource(field, "is \(mistake.reason)")
            }
        }
        guard let fileName = Self.ownImage(text, base: base) else {
            let isURL = text.hasPrefix("http://") || text.hasPrefix("https://")
            throw Problem.pictureSource(field, isURL ? "is a URL of another host" : "is a text that is no picture")
        }
        guard let name = ImageName(fileName: fileName) else { throw Problem.unknownImage(field, String(fileName)) }
        return try await store.own(name, field: field)
    }

    /// Bytes of a data URI before its data.
    private static let headBytesMax = 256

    /// The file name in a URL or path of an image of this host.
    nonisolated static func ownImage(_ text: String, base: String) -> Substring? {
        let path = text.hasPrefix(base + "/") ? text.dropFirst(base.utf8.count) : text[...]
        return path.hasPrefix("/images/") ? path.dropFirst("/images/".count) : nil
    }

    private static func isGiven(_ value: JSONValue?) -> Bool { value.map { !$0.isNull } ?? false }

    /// Nil for a body that is no JSON object: what to say of it is the function's affair.
    static func object(_ body: [UInt8]) async -> JSONObject? {
        guard body.count > loopBytesMax else { return (try? JSONValue.parse(body))?.object }
        return await Pool.run { (try? JSONValue.parse(body))?.object }
    }

    // MARK: Query

    private func takePictures(
        from query: String,
        into taken: inout TakenRequest,
        base: String,
        inputs: [String]
    ) async throws {
        var pairs = query.split(separator: "&", omittingEmptySubsequences: false).map(String.init)
        var hasOwn = false
        for index in pairs.indices {
            let parts = pairs[index].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].isEmpty, let name = PercentText.decode(parts[0], plusIsSpace: true),
                inputs.contains(name)
            else { continue }
            guard let text = PercentText.decode(parts[1], plusIsSpace: true) else {
                throw Problem.pictureSource(name, "is not percent-encoded UTF-8")
            }
            let reference = try await take(.string(text), name, base, &taken.pictures, &hasOwn)
            pairs[index] = "\(name)=\(reference.string ?? "")"
        }
        guard !taken.pictures.isEmpty else { return }
        taken.target = "\(taken.target.prefix { $0 != "?" })?\(pairs.joined(separator: "&"))"
        if hasOwn { taken.repeatable = nil }
    }

    // MARK: Forms

    /// A form's fields as JSON would have them. A form may also name a picture by its URL.
    private func fields(
        of form: FormFields,
        base: String,
        inputs: [String]
    ) async throws -> (JSONObject, [Picture]) {
        var fields: JSONObject = [:]
        var pictures = form.pictures
        var hasOwn = false
        for (name, value) in form.fields {
            let plain = FormReader.plain(name)
            let member: JSONValue
            switch value {
            case .picture(let picture): member = picture.reference
            case .text(let text) where inputs.contains(plain):
                guard !text.isEmpty else { continue }
                member = try await take(.string(text), plain, base, &pictures, &hasOwn)
            case .text(let text): member = Self.value(text)
            }
            if plain != name {
                fields[plain] = .array((fields[plain]?.array ?? []) + [member])
            } else {
                guard fields[name] == nil else { throw Problem.badForm("has the field \(name) twice", field: name) }
                fields[name] = member
            }
        }
        return (fields, pictures)
    }

    /// Numbers as numbers, true and false as such, the rest as text.
    nonisolated static func value(_ text: String) -> JSONValue {
        guard text.utf8.count <= 40, let value = try? JSONValue.parse(text), value.bool != nil || value.double != nil,
            text.utf8.allSatisfy({ $0 > 0x20 })
        else { return .string(text) }
        return value
    }
}
