// The parser: one pass over the bytes, no look at characters.

struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
    /// Where each value stands by its pointer; nil when nobody asked.
    var offsets: [String: Int]?
    private let limits: JSONLimits
    private var depth = 0
    private var pointer = ""

    init(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func document() throws(JSONError) -> JSONValue {
        guard bytes.count <= limits.bytes else {
            throw error("the text has \(bytes.count) bytes; allowed are \(limits.bytes)", at: 0)
        }
        skipSpace()
        if position == 0, bytes.count >= 3, bytes[0] == 0xef, bytes[1] == 0xbb, bytes[2] == 0xbf {
            throw error("the text begins with a byte order mark; remove it")
        }
        offsets?[""] = position
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw error("expected the end of the text, found \(found)") }
        return value
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        guard position < bytes.count else { throw error("expected a value, found the end of the text") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try nested { (parser) throws(JSONError) in try parser.object() }
        case UInt8(ascii: "["): return try nested { (parser) throws(JSONError) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw error("expected a value, found \(found)")
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(JSONError) -> JSONValue
    ) throws(JSONError) -> JSONValue {
        guard depth < limits.depth else {
            throw error("more than \(limits.depth) arrays and objects inside each other")
        }
        depth += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws(JSONError) -> JSONValue {
        position += 1
        skipSpace()
        if skip(UInt8(ascii: "}")) { return .object(JSONObject()) }
        var object = JSONObject(capacity: 4)  // which spares most objects two moves of what they hold
        while true {
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw error("expected a key in double quotes, found \(found)")
            }
            let keyPosition = position
            let key = try string()
            skipSpace()
            guard skip(UInt8(ascii: ":")) else { throw error("expected \":\" after the key, found \(found)") }
            skipSpace()
            let outer = enter(key, at: keyPosition)
            do throws(JSONError) {
                let value = try value()
                guard object.add(key, value) else {
                    throw error("the key \"\(key)\" is there twice in one object", at: keyPosition)
                }
            } catch {
                var error = error
                error.key = key
                throw error
            }
            if let outer { pointer = outer }
            skipSpace()
            if skip(UInt8(ascii: ",")) {
                skipSpace()
            } else {
                guard skip(UInt8(ascii: "}")) else { throw error("expected \",\" or \"}\", found \(found)") }
                return .object(object)
            }
        }
    }

    private mutating func array() throws(JSONError) -> JSONValue {
        position += 1
        var array: [JSONValue] = []
        skipSpace()
        if skip(UInt8(ascii: "]")) { return .array(array) }
        while true {
            let outer = enter("\(array.count)", at: position)
            array.append(try value())
            if let outer { pointer = outer }
            skipSpace()
            if skip(UInt8(ascii: ",")) {
                skipSpace()
            } else {
                guard skip(UInt8(ascii: "]")) else { throw error("expected \",\" or \"]\", found \(found)") }
                return .array(array)
            }
        }
    }

    /// Notes where a value stands and goes below it; returns the pointer to go back to, nil when places are not kept.
    private mutating func enter(_ key: @autoclosure () -> String, at offset: Int) -> String? {
        guard offsets != nil else { return nil }
        let outer = pointer
        pointer += "/" + JSONLocations.escaped(key())
        if offsets?[pointer] == nil { offsets?[pointer] = offset }
        return outer
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let count = word.utf8CodeUnitCount
        guard position + count <= bytes.count,
            word.withUTF8Buffer({ $0.elementsEqual(bytes[position..<position + count]) })
        else { throw error("expected a value, found something that begins like \(word)") }
        position += count
        return value
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0a, 0x0d, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    /// What stands at the present position, for messages.
    private var found: String {
        guard position < bytes.count else { return "the end of the text" }
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "'"): return "a single quote"
        case 0x21...0x7e: return "\"\(Unicode.Scalar(byte))\""
        case 0x80...: return "a character that is not ASCII"
        default: return "a control character"
        }
    }

    func error(_ reason: String, at offset: Int? = nil) -> JSONError {
        let place = JSONLocation(of: offset ?? position, in: bytes)
        return JSONError(line: place.line, column: place.column, reason: reason)
    }
}
