// Why settings or secrets could not be read or kept.

/// A problem with a settings file. Each message names the file and what to do, and never holds a value.
public enum SettingsError: Error, Equatable, CustomStringConvertible {
    case unreadable(file: String, reason: String)
    case notAnEnvFile(EnvFileError)
    case unwritable(file: String, reason: String)
    case busy(directory: String)
    case unclosedQuote(EnvFileDiagnostic)
    case invalidName(String)
    case nameTooLong(characters: Int)
    case valueTooLong(name: String, bytes: Int)
    case valueHoldsZeroByte(name: String)
    case tooManySecrets(Int)

    /// What happened, where, and what to do.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(file): cannot be read: \(reason)"
        case .notAnEnvFile(let error):
            error.description
        case .unwritable(let file, let reason):
            "\(file): cannot be written: \(reason)"
        case .busy(let directory):
            "\(directory): another edge command has been changing keys or secrets there for 5 s; try again when it is done"
        case .unclosedQuote(let diagnostic):
            "\(diagnostic); nothing was changed: mend that line by hand first"
        case .invalidName(let name):
            "\(name): not a name for a secret; use a letter or _, then letters, digits, _, . or -"
        case .nameTooLong(let characters):
            "a name has \(characters) characters; a secret's name may have at most \(SecretsFile.nameCharactersMax)"
        case .valueTooLong(let name, let bytes):
            "\(name): the value has \(bytes) bytes; a secret may have at most \(SecretsFile.valueBytesMax)"
        case .valueHoldsZeroByte(let name):
            "\(name): the value holds a NUL byte, which no environment can; encode it, for example as base64"
        case .tooManySecrets(let count):
            "that would be \(count) secrets; at most \(SecretsFile.secretsMax) can be kept: unset some first"
        }
    }
}
