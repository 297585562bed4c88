// Reading JSON: the ways in.

extension JSONValue {
    /// Reads one JSON text, strictly by RFC 8259. A number beyond `Int64`, with a fraction or with an exponent is a `double`, and so
    /// is `-0`. Refused besides wrong grammar: a key twice in one object, half of a surrogate pair, bytes that are not UTF-8, a byte
    /// order mark, text after the value, a number beyond `Double`, and what is beyond `limits`.
    public static func parse(
        _ bytes: UnsafeRawBufferPointer,
        limits: JSONLimits = JSONLimits()
    ) throws(JSONError) -> JSONValue {
        var parser = JSONParser(bytes.bindMemory(to: UInt8.self), limits: limits)
        return try parser.document()
    }

    /// Reads one JSON text; see ``parse(_:limits:)-(UnsafeRawBufferPointer,_)``.
    public static func parse(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSONValue {
        try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
            var parser = JSONParser(buffer, limits: limits)
            return try parser.document()
        }
    }

    /// Reads one JSON text; see ``parse(_:limits:)-(UnsafeRawBufferPointer,_)``.
    public static func parse(_ text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSONValue {
        try parse(Array(text.utf8), limits: limits)
    }

    /// Reads one JSON text and tells where each of its values stands. Slower than `parse`; for files that people write.
    public static func parseLocated(
        _ bytes: [UInt8],
        limits: JSONLimits = JSONLimits()
    ) throws(JSONError) -> (value: JSONValue, locations: JSONLocations) {
        let (value, offsets) = try bytes.withUnsafeBufferPointer {
            (buffer) throws(JSONError) in
            var parser = JSONParser(buffer, limits: limits)
            parser.offsets = [:]
            return (try parser.document(), parser.offsets ?? [:])
        }
        return (value, JSONLocations(offsets: offsets, text: bytes))
    }
}
