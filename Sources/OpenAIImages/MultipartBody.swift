// A multipart/form-data body: fields and pictures, as edits are sent.

/// Collects the parts of a form. Values and files are sent as they are; names are ours.
struct MultipartBody {
    let boundary: String
    private var bytes: [UInt8] = []

    /// - Parameter boundary: must not occur in any part: 128 random bits do not.
    init(boundary: String) { self.boundary = boundary }

    init() {
        self.init(boundary: "edge-\(UInt64.random(in: 0...(.max)))-\(UInt64.random(in: 0...(.max)))")
    }

    var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    mutating func add(_ name: String, _ value: String) {
        bytes += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8
    }

    mutating func add(_ name: String, file: [UInt8], fileName: String, type: String) {
        bytes += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"\(fileName)\"\r\n".utf8
        bytes += "Content-Type: \(type)\r\n\r\n".utf8
        bytes += file
        bytes += "\r\n".utf8
    }

    /// All parts and the end.
    var whole: [UInt8] { bytes + "--\(boundary)--\r\n".utf8 }
}
