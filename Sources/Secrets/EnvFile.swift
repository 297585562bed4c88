// What an env file means: names, values and what is wrong with it, each with its line.

/// A read env file. The grammar is python-dotenv's, stricter in names and without expansion in single quotes.
public struct EnvFile: Sendable {
    /// One name with its value.
    public struct Assignment: Sendable, Equatable {
        /// By the name rule: a letter or `_`, then letters, digits, `_`, `.` and `-`.
        public let name: String
        /// The value after quotes, escapes and `${...}`.
        public let value: SecretValue
        /// The line on which the statement begins, from 1.
        public let line: Int
    }

    /// The largest file that is read: 16 MiB.
    public static let fileBytesMax = 16 * 1024 * 1024

    /// Name, `=`, value and the closing NUL together: 128 KiB, the most that Linux hands to a process in one variable.
    public static let assignmentBytesMax = 128 * 1024

    /// All values of one file together, after `${...}`: 16 MiB. Without it, a few lines could double to gigabytes.
    public static let valueBytesMax = 16 * 1024 * 1024

    /// The name that diagnostics show: the path as the user gave it.
    public let name: String

    /// Every name once, with its last value, in the order in which the names first appear.
    public let assignments: [Assignment]

    /// One for each malformed statement, in the order of lines. They hold no text of the file.
    public let diagnostics: [EnvFileDiagnostic]

    /// Reads the bytes of an env file.
    /// - Parameters:
    ///   - name: what diagnostics call the file.
    ///   - environment: looked up first by `${NAME}`, before what the file has set above.
    /// - Throws: ``EnvFileError`` when the file as a whole cannot be read: not UTF-8, a NUL byte, too large.
    public static func parse(
        _ bytes: [UInt8],
        name: String,
        environment: [String: String] = [:]
    ) throws(EnvFileError) -> EnvFile {
        var parser = EnvFileParser(text: try EnvFileText(bytes, name: name), name: name, environment: environment)
        parser.parse()
        return EnvFile(name: name, assignments: parser.assignments, diagnostics: parser.diagnostics)
    }

    /// The value of `name`, nil when the file sets nothing by that name.
    public subscript(name: String) -> SecretValue? { assignments.first { $0.name == name }?.value }

    /// Whether `name` can be set by an env file.
    public static func isName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        return !bytes.isEmpty && EnvFileText.nameEnd(in: bytes, from: 0) == bytes.count
    }
}
