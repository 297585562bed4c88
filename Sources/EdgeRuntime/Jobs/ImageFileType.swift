// Media types of artifacts and the endings of their files.

/// The artifact types that the host stores, each with its file ending.
enum ImageFileType {
    private static let endings: [(type: String, ending: String)] = [
        ("image/png", "png"), ("image/jpeg", "jpg"), ("image/webp", "webp"), ("image/gif", "gif"),
        ("image/avif", "avif"), ("image/bmp", "bmp"), ("image/tiff", "tiff"), ("video/mp4", "mp4"),
    ]

    /// `bin` for a type that is not listed: it is served as `application/octet-stream`, so a browser does not run it.
    static func fileExtension(ofType type: String) -> String {
        endings.first { $0.type == type }?.ending ?? "bin"
    }

    static func type(ofExtension ending: some StringProtocol) -> String? {
        ending == "bin" ? "application/octet-stream" : endings.first { $0.ending == ending }?.type
    }
}
