// The way into a file: one JSON object, read whole, all mistakes at once.
internal import JSON

extension FileSection {
    /// Reads a file that holds one JSON object.
    ///
    /// - Parameters:
    ///   - file: its name in messages.
    ///   - example: what to write where it is no object: `{ "functions": { ... } }`.
    ///   - read: asks for the keys; those that it does not ask for are mistakes.
    /// - Throws: all mistakes, each with line, key, what is allowed and what to write instead.
    package static func readingRoot<Value>(
        of bytes: [UInt8],
        file: String,
        example: String,
        _ read: (inout FileSection) -> Value
    ) throws(FileMistakes) -> Value {
        let value: JSONValue
        let locations: JSONLocations
        do { (value, locations) = try JSONValue.parseLocated(bytes, limits: JSONLimits(bytes: bytesMax)) } catch {
            throw .whole("not JSON: \(error.reason) (column \(error.column))", file: file, line: error.line)
        }
        let problems = FileProblems(file: file, locations: locations)
        guard let object = value.object else {
            problems.add("this is \(value.kind); write \(example)", at: "", key: "")
            throw FileMistakes(errors: problems.errors)
        }
        var root = FileSection(object, path: "", pointer: "", problems: problems)
        let result = read(&root)
        root.refuseUnknownKeys()
        let errors = problems.errors
        guard errors.isEmpty else { throw FileMistakes(errors: errors) }
        return result
    }

    /// The largest file that is read.
    package static let bytesMax = 1 << 20
}
