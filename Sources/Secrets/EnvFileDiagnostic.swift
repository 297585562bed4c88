// What can be wrong with an env file, said without a word of its text.

/// One malformed statement. It holds a place and a reason and never the line's text, which may be a secret.
public struct EnvFileDiagnostic: Sendable, Hashable, CustomStringConvertible {
    /// Why a statement set nothing.
    public enum Reason: Sendable, Hashable, CaseIterable {
        case noName
        case textAfterName
        case unclosedSingleQuote
        case unclosedDoubleQuote
        case textAfterQuote
        case assignmentTooLong
        case valuesTooLong
    }

    /// The file, as its user named it.
    public let file: String
    /// The line that is wrong, from 1.
    public let line: Int
    /// What is wrong with it.
    public let reason: Reason

    /// `FILE:LINE: reason`.
    public var description: String { "\(file):\(line): \(reason)" }
}

extension EnvFileDiagnostic.Reason: CustomStringConvertible {
    /// What is wrong and what to write instead.
    public var description: String {
        switch self {
        case .noName:
            "a name must come first: a letter or _, then letters, digits, _ . or -; put # before a comment"
        case .textAfterName:
            "after the name there must be = and the value"
        case .unclosedSingleQuote:
            "the single quote is never closed; write \\' and \\\\ for a quote and a backslash inside"
        case .unclosedDoubleQuote:
            "the double quote is never closed; write \\\" and \\\\ for a quote and a backslash inside"
        case .textAfterQuote:
            "after the closing quote there may only be a comment; write \\ before a quote inside the value"
        case .assignmentTooLong:
            "name and value are longer than \(EnvFile.assignmentBytesMax) bytes, the most that a process can be given"
        case .valuesTooLong:
            "the file's values are longer than \(EnvFile.valueBytesMax) bytes together"
        }
    }
}

/// Why an env file cannot be read at all.
public enum EnvFileError: Error, Equatable, CustomStringConvertible {
    case invalidUTF8(file: String, line: Int)
    case zeroByte(file: String, line: Int)
    case tooLarge(file: String, bytes: Int)

    /// File, line, what is wrong and what to do.
    public var description: String {
        switch self {
        case .invalidUTF8(let file, let line):
            "\(file):\(line): not UTF-8; save the file as UTF-8"
        case .zeroByte(let file, let line):
            "\(file):\(line): a NUL byte; no value can hold one (is the file UTF-16? save it as UTF-8)"
        case .tooLarge(let file, let bytes):
            "\(file): \(bytes) bytes; an env file may have at most \(EnvFile.fileBytesMax)"
        }
    }
}
