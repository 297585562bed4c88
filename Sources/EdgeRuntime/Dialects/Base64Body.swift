// An answer's body of text and of images in base64: read from their files while it is sent, never held in memory.
internal import Digest
internal import EdgeHTTP
internal import EdgeLoop
internal import Glibc

/// Pieces in their order, with a length that is known before the first byte.
struct Base64Body: Sendable {
    private enum Piece: Sendable {
        case text([UInt8])
        case image(ImageHandle)
    }

    private var pieces: [Piece] = []
    private(set) var length = 0

    /// Bytes of a file that are read and encoded at once: a multiple of 3.
    private static let pieceBytes = 16_384 * Base64Text.step

    mutating func add(_ text: String) {
        pieces.append(.text(Array(text.utf8)))
        length += text.utf8.count
    }

    mutating func add(_ image: ImageHandle) {
        pieces.append(.image(image))
        length += Base64Text.length(of: image.bytes)
    }

    var body: HTTPResponse.Body { .stream(length: length) { [self] in try await write(to: $0) } }

    @LoopActor
    func write(to writer: HTTPBodyWriter) async throws {
        for piece in pieces {
            switch piece {
            case .text(let text): try await writer.write(text)
            case .image(let image): try await Self.write(image, to: writer)
            }
        }
    }

    @LoopActor
    private static func write(_ image: ImageHandle, to writer: HTTPBodyWriter) async throws {
        var offset = 0
        while offset < image.bytes {
            let (start, count) = (offset, min(pieceBytes, image.bytes - offset))
            guard let text = await Pool.run({ encoded(image, start, count) }) else { throw HTTPBodyError.truncated }
            try await writer.write(text)
            offset += count
        }
    }

    private nonisolated static func encoded(_ image: ImageHandle, _ offset: Int, _ count: Int) -> [UInt8]? {
        var isWhole = true
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            while done < count {
                let read = pread(
                    image.descriptor,
                    buffer.baseAddress?.advanced(by: done),
                    count - done,
                    off_t(offset + done)
                )
                if read < 0, errno == EINTR { continue }
                guard read > 0 else {
                    isWhole = false  // the file was cut
                    return
                }
                done += read
            }
        }
        return isWhole ? Base64Text.encode(bytes) : nil
    }
}
