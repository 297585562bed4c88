// `edge secrets set | list | unset | parse`: what each prints and how it exits.
internal import JSON

/// The `edge secrets` commands. They read and write files, and return what the command line prints. No value is ever
/// printed, but by `parse`, which says so.
public struct SecretsCommand {
    /// What a command prints, and its exit code.
    public struct Outcome: Sendable, Equatable {
        /// For stdout.
        public var output = ""
        /// For stderr.
        public var errors = ""
        public var exitCode: Int32 = 0
    }

    /// What `edge secrets` without a known command prints.
    public static let usage = """
        edge secrets set NAME=VALUE ... [--env-file FILE]   keep secrets; a later one wins
        edge secrets list [--output pretty|json|yaml|toml]  names and SHA-256 digests, never values
        edge secrets unset [NAME ...] [--yes]               forget these secrets, or all
        edge secrets parse FILE [--strict]                  what an env file means, as JSON: prints values

        """

    /// Names that begin so belong to the host.
    static let reservedPrefix = "EDGE_"

    let file: SecretsFile
    let environment: [String: String]
    let confirm: ((String) -> Bool)?

    /// - Parameters:
    ///   - environment: what `${NAME}` in env files looks up first.
    ///   - confirm: asks a question on the terminal, empty answer is yes; nil when there is no terminal to ask on.
    public init(stateDirectory: String, environment: [String: String], confirm: ((String) -> Bool)? = nil) {
        file = SecretsFile(stateDirectory: stateDirectory)
        self.environment = environment
        self.confirm = confirm
    }

    /// Runs the command that `arguments` name, without `edge secrets` itself.
    public func run(_ arguments: [String]) -> Outcome {
        let rest = Array(arguments.dropFirst())
        do throws(Failure) {
            switch arguments.first {
            case "set": return try set(rest)
            case "list": return try list(rest)
            case "unset": return try unset(rest)
            case "parse": return try parse(rest)
            case "help", "--help", "-h": return Outcome(output: Self.usage)
            case nil: return Outcome(errors: Self.usage, exitCode: 1)
            case let other?: throw .misuse("edge secrets has no command \(other)\n\(Self.usage)")
            }
        } catch {
            return Outcome(errors: error.text, exitCode: 1)
        }
    }

    enum Failure: Error {
        case misuse(String)
        case settings(SettingsError)
        case malformed([EnvFileDiagnostic])

        var text: String {
            switch self {
            case .misuse(let text): text.hasSuffix("\n") ? text : text + "\n"
            case .settings(let error): "\(error)\n"
            case .malformed(let diagnostics): diagnostics.map { "\($0)\n" }.joined()
            }
        }
    }

    /// Reads an env file that the user named.
    func readFile(_ path: String) throws(Failure) -> EnvFile {
        do throws(SettingsError) {
            guard let read = try SettingsFile.read(path, environment: environment) else {
                throw SettingsError.unreadable(file: path, reason: "no such file")
            }
            return read.file
        } catch {
            throw .settings(error)
        }
    }

    private func parse(_ arguments: [String]) throws(Failure) -> Outcome {
        let isStrict = arguments.contains("--strict")
        let paths = arguments.filter { $0 != "--strict" }
        guard paths.count == 1, let path = paths.first, path == "-" || !path.hasPrefix("-") else {
            throw .misuse("edge secrets parse needs one file: edge secrets parse FILE [--strict]")
        }
        let read = try readFile(path == "-" ? "/dev/stdin" : path)
        var object = JSONObject()
        for assignment in read.assignments { object[assignment.name] = .string(assignment.value.reveal()) }
        var outcome = Outcome(output: JSONValue.object(object).text(pretty: true) + "\n")
        outcome.errors = "edge secrets parse prints values: keep its output out of logs\n"
        outcome.errors += read.diagnostics.map { "\($0)\n" }.joined()
        outcome.exitCode = isStrict && !read.diagnostics.isEmpty ? 1 : 0
        return outcome
    }
}
