// Writing JSON.

extension JSONValue {
    /// This value as JSON in UTF-8. Whole numbers are exact, doubles as short as reading them back allows (`1.0`, `1e+16`); infinity
    /// and not-a-number, which JSON does not have, become `null`. Strings are escaped only where JSON requires it.
    ///
    /// - Parameters:
    ///   - pretty: a line for each value, indented by two spaces.
    ///   - sortedKeys: members in the order of their keys, so that equal values give equal bytes.
    public func encoded(pretty: Bool = false, sortedKeys: Bool = false) -> [UInt8] {
        var encoder = JSONEncoder(pretty: pretty, sortedKeys: sortedKeys)
        encoder.add(self)
        return encoder.written
    }

    /// This value as JSON text; see ``encoded(pretty:sortedKeys:)``.
    public func text(pretty: Bool = false, sortedKeys: Bool = false) -> String {
        String(decoding: encoded(pretty: pretty, sortedKeys: sortedKeys), as: UTF8.self)
    }
}

extension JSONValue: CustomStringConvertible {
    public var description: String { text() }
}

extension JSONObject {
    /// As ``JSONValue/encoded(pretty:sortedKeys:)``.
    public func encoded(pretty: Bool = false, sortedKeys: Bool = false) -> [UInt8] {
        JSONValue.object(self).encoded(pretty: pretty, sortedKeys: sortedKeys)
    }
}
