// What a host under test is given.
public import JSON

/// Everything that a host is started with. What is not named here, it does not get.
public struct EdgeOptions: Sendable {
    /// nil: the bundled one, as it is.
    public var manifest: JSONValue?
    /// Besides PATH.
    public var environment: [(name: String, value: String)] = []
    /// After `serve`, besides those that every test needs.
    public var arguments: [String] = []
    /// Further files in the host's working folder.
    public var files: [(name: String, text: String)] = []
    /// `--port`; nil: no such flag.
    public var port: String? = "0"

    public init() {}

    public init(
        manifest: JSONValue? = nil,
        environment: [(name: String, value: String)] = [],
        arguments: [String] = [],
        files: [(name: String, text: String)] = []
    ) {
        self.manifest = manifest
        self.environment = environment
        self.arguments = arguments
        self.files = files
    }
}

/// The bundled manifest, changed here and there.
public enum TestManifest {
    public static var bundled: JSONValue {
        guard let value = try? JSONValue.parse(fileText(BuiltPrograms.manifest) ?? "") else {
            preconditionFailure("functions.json is no JSON")
        }
        return value
    }

    /// - Parameter changes: values by path, such as `functions.generate.job.perDay`; null removes.
    public static func bundled(_ changes: [(path: String, value: JSONValue)]) -> JSONValue {
        var manifest = bundled
        for change in changes {
            manifest = set(change.value, at: change.path.split(separator: ".")[...], in: manifest)
        }
        return manifest
    }

    private static func set(_ value: JSONValue, at path: ArraySlice<Substring>, in whole: JSONValue) -> JSONValue {
        guard let first = path.first else { return value }
        var object = whole.object ?? [:]
        let key = String(first)
        let changed = set(value, at: path.dropFirst(), in: object[key] ?? .object([:]))
        object[key] = path.count == 1 && value.isNull ? nil : changed
        return .object(object)
    }
}
