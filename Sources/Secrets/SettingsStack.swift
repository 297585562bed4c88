// Where each setting comes from: the process environment first, then env files, the stronger hiding the weaker.

/// All settings of a host with their places. Strongest first: process environment; `--env-file` files, a later one
/// before an earlier; `.edge/secrets.env`; `.env.local`; `.env`. Reading is blocking; the value never changes afterwards.
public struct SettingsStack: Sendable {
    /// Where a setting is written.
    public enum Place: Sendable, Hashable, CustomStringConvertible {
        case processEnvironment
        case file(name: String, line: Int)

        /// `process environment` or `FILE:LINE`.
        public var description: String {
            switch self {
            case .processEnvironment: "process environment"
            case .file(let name, let line): "\(name):\(line)"
            }
        }
    }

    /// A value with its place.
    public struct Setting: Sendable, Equatable {
        public let name: String
        public let value: SecretValue
        public let place: Place
    }

    /// By name, strongest place first.
    private let layers: [[String: Setting]]

    /// Names that are secret because `edge secrets` keeps them.
    public let keptSecretNames: Set<String>
    /// The files whose change changes settings, also those that do not exist yet.
    public let watchedPaths: [String]
    /// Malformed statements of all files. They set nothing.
    public let diagnostics: [EnvFileDiagnostic]
    /// What is odd but not wrong, a sentence each, without a value: files that others can read, keys of an unusual form.
    public let warnings: [String]

    /// Reads every file.
    /// - Parameters:
    ///   - envFiles: files that the user named, in that order; a missing one is an error.
    ///   - stateDirectory: the folder of `secrets.env`, usually `.edge`.
    ///   - projectDirectory: the folder of `.env.local` and `.env`, which may be missing.
    /// - Throws: ``SettingsError`` when a file cannot be read or is not an env file at all.
    public static func load(
        environment: [String: String],
        envFiles: [String] = [],
        stateDirectory: String = ".edge",
        projectDirectory: String = "."
    ) throws(SettingsError) -> SettingsStack {
        let secretsPath = SecretsFile(stateDirectory: stateDirectory).path
        let folder = projectDirectory == "." ? "" : "\(projectDirectory)/"
        var files: [SettingsFile] = []
        var keptSecretNames: Set<String> = []
        for path in envFiles.reversed() {
            guard let file = try SettingsFile.read(path, environment: environment) else {
                throw .unreadable(file: path, reason: "no such file")
            }
            files.append(file)
        }
        for path in [secretsPath, "\(folder).env.local", "\(folder).env"] {
            guard let file = try SettingsFile.read(path, environment: environment) else { continue }
            files.append(file)
            if path == secretsPath { keptSecretNames = Set(file.file.assignments.map(\.name)) }
        }
        return SettingsStack(
            environment: environment,
            files: files,
            keptSecretNames: keptSecretNames,
            watchedPaths: envFiles + [secretsPath, "\(folder).env.local", "\(folder).env"]
        )
    }

    private init(
        environment: [String: String],
        files: [SettingsFile],
        keptSecretNames: Set<String>,
        watchedPaths: [String]
    ) {
        let layers = [Self.settings(in: environment)] + files.map { Self.settings(in: $0.file) }
        self.layers = layers
        self.keptSecretNames = keptSecretNames
        self.watchedPaths = watchedPaths
        diagnostics = files.flatMap(\.file.diagnostics)
        warnings =
            files.filter(\.isExposed).map {
                "\($0.file.name): other users of this machine can read it; run: chmod 600 \($0.file.name)"
            } + HuggingFaceKey.warnings { name in layers.lazy.compactMap { $0[name] }.first }
    }

    /// The setting that counts, nil when nothing sets `name`.
    public subscript(name: String) -> Setting? { layers.lazy.compactMap { $0[name] }.first }

    /// The setting that counts, then those it hides, strongest first.
    public func all(_ name: String) -> [Setting] { layers.compactMap { $0[name] } }

    /// The names that are secret: those that some function lists, and those that `edge secrets` keeps.
    /// - Parameter listed: the names under `secrets` of all functions.
    public func secretNames(listed: Set<String>) -> Set<String> { listed.union(keptSecretNames) }

    /// Looks for every value of every secret name, also for those that a stronger place hides.
    public func redactor(listed: Set<String>) -> Redactor { Redactor(secrets(listed: listed)) }

    /// The secrets themselves, each with its name.
    package func secrets(listed: Set<String>) -> [(name: String, value: SecretValue)] {
        secretNames(listed: listed).flatMap(all).map { ($0.name, $0.value) }
    }

    private static func settings(in environment: [String: String]) -> [String: Setting] {
        var settings: [String: Setting] = [:]
        for (name, value) in environment {
            settings[name] = Setting(name: name, value: SecretValue(value), place: .processEnvironment)
        }
        return settings
    }

    private static func settings(in file: EnvFile) -> [String: Setting] {
        var settings: [String: Setting] = [:]
        for one in file.assignments {
            let place = Place.file(name: file.name, line: one.line)
            settings[one.name] = Setting(name: one.name, value: one.value, place: place)
        }
        return settings
    }
}
