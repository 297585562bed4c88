// multipart/form-data (RFC 7578) as it comes in: files go to disk piece by piece, texts stay.
internal import EdgeHTTP
internal import EdgeLoop
internal import ImageFormats
internal import JSON

/// What a form held, in its order.
struct FormFields: Sendable {
    enum Value: Sendable {
        case text(String)
        case picture(Picture)
    }

    var fields: [(name: String, value: Value)] = []
    var pictures: [Picture] {
        fields.compactMap { if case .picture(let picture) = $0.value { picture } else { nil } }
    }
}

/// Reads one form. Slow disks slow the sender down: a piece is asked for when the last one is written.
@LoopActor
struct FormReader {
    let store: PictureStore
    /// The fields that may be files.
    let inputs: [String]
    /// Bytes of the whole body.
    let bodyBytesMax: Int

    /// Parts of one form.
    static let partsMax = 64
    /// Bytes of one part that is text.
    static let textBytesMax = 64 << 10

    private enum Part {
        case none
        case text(name: String, [UInt8])
        case file(Upload)
    }

    private struct Upload {
        let name: String
        let writer: ImageWriter
        /// The first bytes, until they tell the type.
        var mark: [UInt8] = []
        var type: ImageType?
        let hasFileName: Bool
    }

    /// Whether a body is a form.
    nonisolated static func isForm(_ contentType: String?) -> Bool {
        guard let contentType else { return false }
        return HeaderList.trimmed(contentType.prefix { $0 != ";" }).lowercased() == "multipart/form-data"
    }

    func read(_ body: HTTPBodyReader, contentType: String) async throws -> FormFields {
        guard var parts = MultipartReader(contentType: contentType, type: "multipart/form-data") else {
            throw Problem.badForm("has no boundary of 1 to 70 characters in its Content-Type")
        }
        var form = FormFields()
        var part = Part.none
        var (bytes, count) = (0, 0)
        while let piece = try await body.next() {
            bytes += piece.count
            guard bytes <= bodyBytesMax else { throw HTTPBodyError.tooLarge(limit: bodyBytesMax) }
            for event in try Self.events(of: &parts, piece) {
                switch event {
                case .part(let headers):
                    count += 1
                    guard count <= Self.partsMax else {
                        throw Problem.badForm("has more than \(Self.partsMax) parts")
                    }
                    part = try begin(headers, form)
                case .data(let data):
                    part = try await take(data, into: part)
                case .end:
                    if let field = try await end(part) { form.fields.append(field) }
                    part = .none
                }
            }
        }
        guard parts.isComplete else { throw Problem.badForm("ends before its last boundary") }
        return form
    }

    private static func events(
        of parts: inout MultipartReader,
        _ piece: [UInt8]
    ) throws(Problem) -> [MultipartReader.Event] {
        do {
            return try parts.take(piece)
        } catch {
            throw .badForm("is damaged: \(error.reason)")
        }
    }

    private func begin(_ headers: [String: String], _ form: FormFields) throws -> Part {
        let disposition = Disposition(headers["content-disposition"] ?? "")
        guard let name = disposition.name, (1...Self.nameBytesMax).contains(name.utf8.count) else {
            throw Problem.badForm("has a part without a name; each needs Content-Disposition: form-data; name=\"...\"")
        }
        let isPicture = inputs.contains(Self.plain(name))
        let isFile = disposition.fileName != nil || isPicture && headers["content-type"]?.hasPrefix("image/") == true
        guard isFile else { return .text(name: name, []) }
        guard isPicture else {
            let fields = inputs.joined(separator: ", ")
            throw Problem.badForm("has a file in the field \(name); files may be in \(fields)", field: name)
        }
        guard store.images.state.hasRoom else { throw AcceptError.noRoom }
        guard form.pictures.count < Picture.countMax else {
            throw Problem.badForm("has more than \(Picture.countMax) pictures", field: name)
        }
        return .file(
            Upload(
                name: name,
                writer: store.images.begin(bytesMax: Picture.bytesMax),
                hasFileName: disposition.fileName?.isEmpty == false
            )
        )
    }

    private func take(_ data: [UInt8], into part: Part) async throws -> Part {
        switch part {
        case .none: return .none
        case .text(let name, let text):
            guard text.count + data.count <= Self.textBytesMax else {
                throw Problem(
                    status: 413,
                    code: "field_too_large",
                    message: "\(name) has more than \(Self.textBytesMax) bytes of text, the limit of a form's field",
                    field: name
                )
            }
            return .text(name: name, text + data)
        case .file(var upload):
            let field = Self.plain(upload.name)
            guard upload.writer.bytes + upload.mark.count + data.count <= Picture.bytesMax else {
                throw Problem.pictureTooLarge(field)
            }
            if upload.type == nil {
                upload.mark += data
                guard upload.mark.count >= PictureStore.markBytes else { return .file(upload) }
                upload.type = try PictureStore.type(of: upload.mark, field: field)
                try await upload.writer.append(upload.mark)
                upload.mark = []
            } else {
                try await upload.writer.append(data)
            }
            return .file(upload)
        }
    }

    private func end(_ part: Part) async throws -> (name: String, value: FormFields.Value)? {
        switch part {
        case .none: return nil
        case .text(let name, let text):
            guard let text = String(validating: text, as: UTF8.self) else {
                throw Problem.badForm("has text in the field \(name) that is not UTF-8", field: name)
            }
            return (name, .text(text))
        case .file(let upload):
            // A browser sends a file field that nobody filled as an empty part without a file name.
            if upload.type == nil, upload.mark.isEmpty, !upload.hasFileName { return nil }
            let field = Self.plain(upload.name)
            guard let type = upload.type else {
                _ = try PictureStore.type(of: upload.mark, field: field)
                throw Problem.picture(field, "is too short to be a picture")
            }
            return (upload.name, .picture(try await store.finish(upload.writer, type, field: field)))
        }
    }

    private static let nameBytesMax = 128

    /// `image[]` is how forms name one of several.
    nonisolated static func plain(_ name: String) -> String { name.hasSuffix("[]") ? String(name.dropLast(2)) : name }

    /// The parameters of Content-Disposition that matter here.
    private struct Disposition {
        var name: String?
        var fileName: String?

        init(_ field: String) {
            let parts = HeaderList.parts(of: field[...], separator: ";")
            guard parts.first?.lowercased() == "form-data" else { return }
            for part in parts.dropFirst() {
                let (key, value) = HeaderList.pair(part)
                if key == "name" { name = value }
                if key == "filename" || key == "filename*" { fileName = value ?? "" }
            }
        }
    }
}
