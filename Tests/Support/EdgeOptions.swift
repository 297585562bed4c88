// What a host under test is given.
public import JSON

/// Everything that a host is started with. What is not named here, it does not get.
public struct EdgeOptions: Sendable {
    /// nil: the bundled one, as it is.
    public var manifest: JSONValue?
    /// generate.json: the bundled one, but results may come from loopback, where scripted providers are.
    public var settings = TestSettings.bundled([("results.allow", ["127.0.0.1", "::1"])])
    /// Besides PATH.
    public var environment: [(name: String, value: String)] = []
    /// After `serve`, besides those that every test needs.
    public var arguments: [String] = []
    /// Further files in the host's working folder.
    public var files: [(name: String, text: String)] = []
    /// Where the host's working folder is; nil: under TMPDIR.
    public var place: String?
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
    /// Clients wait a little less than a test does, so that a slow machine gives no 202 to those who wait for the image, and a
    /// function may take its time to start.
    public static var bundled: JSONValue { bundled([]) }

    /// - Parameter changes: values by path, such as `functions.generate.job.perDay`; null removes.
    public static func bundled(_ changes: [(path: String, value: JSONValue)]) -> JSONValue {
        let usual: [(path: String, value: JSONValue)] = [("functions.generate.job.wait", "100s")]
        let manifest = JSONFile.changed(JSONFile.read(BuiltPrograms.manifest), usual + changes)
        let names = manifest["functions"]?.object?.keys.filter { name in
            manifest["functions"]?[name]?.object.map { $0["startTimeout"] == nil } ?? false
        }
        return JSONFile.changed(manifest, (names ?? []).map { ("functions.\($0).startTimeout", startTimeout) })
    }

    /// Of every function in a test that is about something else.
    public static let startTimeout: JSONValue = "100s"
}

/// The bundled settings of Generate, changed here and there.
public enum TestSettings {
    public static var bundled: JSONValue {
        JSONFile.read(String(BuiltPrograms.manifest.dropLast("functions.json".count)) + "generate.json")
    }

    /// - Parameter changes: as ``TestManifest/bundled(_:)`` has them.
    public static func bundled(_ changes: [(path: String, value: JSONValue)]) -> JSONValue {
        JSONFile.changed(bundled, changes)
    }
}

private enum JSONFile {
    static func read(_ path: String) -> JSONValue {
        guard let value = try? JSONValue.parse(fileText(path) ?? "") else { preconditionFailure("\(path) is no JSON") }
        return value
    }

    static func changed(_ value: JSONValue, _ changes: [(path: String, value: JSONValue)]) -> JSONValue {
        changes.reduce(value) { set($1.value, at: $1.path.split(separator: ".")[...], in: $0) }
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
