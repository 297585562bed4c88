// multipart/form-data as a client sends it.

/// Puts a form together.
public struct FormBody {
    public static let boundary = "----edge7MA4YWxkTrZu0gW"
    public static let contentType = "multipart/form-data; boundary=\(boundary)"

    private var body: [UInt8] = []

    public init() {}

    public mutating func add(_ name: String, _ text: String) {
        body += Array("--\(Self.boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(text)\r\n".utf8)
    }

    public mutating func add(_ name: String, file: String, type: String = "image/png", _ bytes: [UInt8]) {
        let head =
            "--\(Self.boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"\(file)\"\r\n"
            + "Content-Type: \(type)\r\n\r\n"
        body += Array(head.utf8) + bytes + Array("\r\n".utf8)
    }

    public var bytes: [UInt8] { body + Array("--\(Self.boundary)--\r\n".utf8) }
}
