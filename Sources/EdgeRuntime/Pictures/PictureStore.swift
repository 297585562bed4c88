// Puts pictures that came with requests among the host's images, after a look at their bytes.
internal import EdgeHTTP
internal import EdgeLoop
internal import ImageFormats

/// Stores what is a picture of an allowed type and size, and refuses everything else by the name of its field.
@LoopActor
struct PictureStore {
    let images: ImageFiles

    /// Bytes that are enough to tell a type.
    static let markBytes = 16

    /// A picture whose bytes are at hand.
    func put(_ bytes: [UInt8], field: String) async throws -> Picture {
        guard bytes.count <= Picture.bytesMax else { throw Problem.pictureTooLarge(field) }
        guard images.state.hasRoom else { throw AcceptError.noRoom }
        _ = try Self.type(of: bytes, field: field)
        let info = try await Pool.run { try Self.info(of: bytes, field: field) }
        return Self.picture(try await images.put(bytes, ext: info.type.fileExtension), info)
    }

    /// A picture that arrived in pieces, each of them on disk.
    func finish(_ writer: ImageWriter, _ type: ImageType, field: String) async throws -> Picture {
        let stored = try await writer.finish(ext: type.fileExtension)
        let files = images.state.files
        let info = try await Pool.run {
            try Self.info(of: try files.read(stored.path, bytesMax: Picture.bytesMax), field: field)
        }
        return Self.picture(stored, info)
    }

    /// An image that this host has already.
    func own(_ name: ImageName, field: String) async throws -> Picture {
        let lease = ImageLease(name, in: images)  // first: nobody may remove it between the look and the job
        guard let handle = try await images.open(name) else { throw Problem.unknownImage(field, name.fileName) }
        guard handle.bytes <= Picture.bytesMax else { throw Problem.pictureTooLarge(field) }
        let files = images.state.files
        let path = images.path(of: name)
        let info = try await Pool.run {
            try Self.info(of: try files.read(path, bytesMax: Picture.bytesMax), field: field)
        }
        return Picture(record: Self.record(name.sha256, handle.bytes, info), lease: lease)
    }

    /// The pictures that a ticket names.
    /// - Throws: ``IsolateError/badAnswer(function:reason:)`` for one that this host does not have.
    func inputs(_ names: [String], among pictures: [Picture], function: String) async throws -> JobInputs {
        var inputs = JobInputs(names: names)
        for name in names {
            guard let picture = try await find(name, among: pictures) else {
                throw IsolateError.badAnswer(
                    function: function,
                    reason: "its ticket names the input \(name), which is no picture of this host"
                )
            }
            inputs.records.append(picture.record)
            inputs.leases.append(picture.lease)
        }
        return inputs
    }

    private func find(_ sha256: String, among pictures: [Picture]) async throws -> Picture? {
        if let picture = pictures.first(where: { $0.record.sha256 == sha256 }) { return picture }
        for type in Picture.types {
            guard let name = ImageName(sha256: sha256, ext: type.fileExtension) else { return nil }
            do {
                return try await own(name, field: "inputs")
            } catch is Problem {
                continue
            }
        }
        return nil
    }

    /// - Throws: ``Problem`` for what may not come in.
    static func type(of bytes: [UInt8], field: String) throws(Problem) -> ImageType {
        guard !bytes.isEmpty else { throw .picture(field, .empty) }
        guard let type = ImageType(of: bytes) else { throw .picture(field, "is no picture", status: 415) }
        guard Picture.types.contains(type) else { throw .picture(field, "is \(type.mediaType)", status: 415) }
        return type
    }

    private nonisolated static func info(of bytes: [UInt8], field: String) throws(Problem) -> ImageInfo {
        let info: ImageInfo
        do {
            info = try ImageInfo(reading: bytes)
        } catch {
            throw .picture(field, error)
        }
        guard Picture.types.contains(info.type) else {
            throw .picture(field, "is \(info.type.mediaType)", status: 415)
        }
        if let width = info.width, let height = info.height, max(width, height) > Picture.sideMax {
            throw .picture(field, "is \(width) x \(height) pixels", status: 413)
        }
        return info
    }

    private static func picture(_ stored: StoredImage, _ info: ImageInfo) -> Picture {
        Picture(record: record(stored.sha256, stored.bytes, info), lease: stored.lease)
    }

    private static func record(_ sha256: String, _ bytes: Int, _ info: ImageInfo) -> ImageRecord {
        ImageRecord(
            sha256: sha256,
            type: info.type.mediaType,
            bytes: bytes,
            width: info.width,
            height: info.height
        )
    }
}
