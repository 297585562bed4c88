// The bytes of a request that decide its answer, as the key of recall.
internal import EdgeHTTP

/// Collects the same key from a request in the receive buffer and from one that was taken apart. Reuses its storage.
struct RecallKey {
    private(set) var bytes: [UInt8] = []

    /// What an image answer depends on besides method, target, body and, where pages are listed, Origin.
    private static let fields: [(lowercase: StaticString, name: String)] = [
        ("accept", "Accept"), ("content-type", "Content-Type"), ("x-client-info", "X-Client-Info"),
        ("prefer", "Prefer"),
        // Who shows one thing is never answered what was remembered for another, or for nothing.
        ("authorization", "Authorization"), ("apikey", "apikey"), ("x-api-key", "x-api-key"),
    ]
    /// How many of the last ones say who asks.
    private static let credentials = 3
    /// What a key may say besides, on which policy, ticket and own tokens depend.
    private static let behalf: [(lowercase: StaticString, name: String)] = [
        ("edge-user", "Edge-User"), ("edge-group", "Edge-Group"), ("edge-nsfw", "Edge-Nsfw"),
    ]
    /// Requests that ask for a part, for a comparison or for the job of their key go the whole way.
    private static let conditions: [(lowercase: StaticString, name: String)] = [
        ("range", "Range"), ("if-none-match", "If-None-Match"), ("if-match", "If-Match"),
        ("if-modified-since", "If-Modified-Since"),
        ("if-unmodified-since", "If-Unmodified-Since"), ("if-range", "If-Range"),
        // The job that it names answers, not the cache.
        ("idempotency-key", "Idempotency-Key"),
        // Its receiver is to be told.
        ("edge-webhook", "Edge-Webhook"),
    ]

    /// - Returns: whether the request is one that recall can answer.
    mutating func take(_ view: borrowing HTTPRequestView, hasOrigins: Bool) -> Bool {
        bytes.removeAll(keepingCapacity: true)
        for condition in Self.conditions where view.header(condition.lowercase) != nil { return false }
        append(view.method)
        append(view.target)
        var isStranger = true
        for (place, field) in Self.fields.enumerated() {
            guard view.lineCount(field.lowercase) < 2 else { return false }
            let value = view.header(field.lowercase)
            if value != nil, place >= Self.fields.count - Self.credentials { isStranger = false }
            append(value)
        }
        if !isStranger { for field in Self.behalf { append(view.header(field.lowercase)) } }
        if hasOrigins { append(view.header("origin")) }
        bytes += view.body
        return true
    }

    mutating func take(_ request: HTTPRequest, body: [UInt8], hasOrigins: Bool) -> Bool {
        bytes.removeAll(keepingCapacity: true)
        for condition in Self.conditions where request.headers.contains(condition.name) { return false }
        append(request.method)
        append(request.target)
        var isStranger = true
        for (place, field) in Self.fields.enumerated() {
            let values = request.headers.values(field.name)
            guard values.count < 2 else { return false }
            if !values.isEmpty, place >= Self.fields.count - Self.credentials { isStranger = false }
            append(values.first)
        }
        if !isStranger { for field in Self.behalf { append(request.headers[field.name]) } }
        if hasOrigins { append(request.headers["Origin"]) }
        bytes += body
        return true
    }

    /// A missing value differs from an empty one, and no value can run into the next: none holds a line break.
    private mutating func append(_ value: UnsafeRawBufferPointer?) {
        if let value { bytes += value } else { bytes.append(0) }
        bytes.append(10)
    }

    private mutating func append(_ value: String?) {
        if let value { bytes += value.utf8 } else { bytes.append(0) }
        bytes.append(10)
    }
}
