// One kept result: the images of a cache key and how they were made.
internal import CivilTime
internal import JSON

struct CacheEntry: Equatable, Sendable {
    let result: JobResult
    /// The job that made it.
    let job: String
    let made: Timestamp
    var expires: Timestamp

    init(_ result: JobResult, job: String, made: Timestamp) {
        self.result = result
        self.job = job
        self.made = made
        expires = made
    }

    /// As the document of a job that has just succeeded with this result.
    var document: JSONObject {
        let time = JSONValue.string(made.iso8601)
        var object: JSONObject = [
            "version": 1, "id": .string(job), "state": "succeeded", "created": time, "started": time, "finished": time,
        ]
        JobDocument.append(result, to: &object)
        return object
    }

    /// What the result's images weigh.
    var imageBytes: Int { result.images.reduce(0) { $0 + $1.bytes } }
    var imageNames: Set<ImageName> { Set(result.images.compactMap(\.name)) }
}

extension CacheEntry {
    /// The file that keeps it.
    func stored(key: CacheKey) -> [UInt8] {
        var object: JSONObject = [
            "version": .integer(Self.version), "key": .string(key.text), "job": .string(job),
            "made": .string(made.iso8601), "expires": .string(expires.iso8601),
        ]
        JobDocument.append(result, to: &object)
        return object.encoded()
    }

    /// nil when the bytes are no such file, or that of another key or version.
    init?(_ bytes: [UInt8], key: CacheKey) {
        guard let object = try? JSONValue.parse(bytes).object, object["version"]?.integer == Self.version,
            object["key"]?.string == key.text, let job = object["job"]?.string,
            let made = object["made"]?.string.flatMap({ Timestamp(iso8601: $0) }),
            let expires = object["expires"]?.string.flatMap({ Timestamp(iso8601: $0) }),
            let result = JobDocument.result(in: object), result.images.allSatisfy({ $0.name != nil })
        else { return nil }
        self.init(result, job: job, made: made)
        self.expires = expires
    }

    private static var version: Int64 { 1 }
}
