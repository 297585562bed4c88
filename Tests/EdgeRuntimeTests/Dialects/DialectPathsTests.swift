import Testing

@testable import EdgeRuntime

struct DialectPathsTests {
    private static func paths(_ speaks: Set<FunctionEntry.Dialect>) -> DialectPaths {
        var entry = FunctionEntry(name: "f", run: ["f"])
        entry.speaks = speaks
        var manifest = Manifest()
        manifest.functions = [entry]
        return DialectPaths(manifest)
    }

    private static let both = paths([.openai, .huggingface])

    @Test(
        "a path means a call",
        arguments: [
            ("POST", "/v1/images/generations", .openAIGenerate), ("POST", "/images/generations", .openAIGenerate),
            ("POST", "/v1/images/edits/", .openAIEdit), ("GET", "/v1/models", .openAIModels),
            ("GET", "/models", .openAIModels), ("GET", "/v1/models/", .openAIModels),
            ("GET", "/v1/models/a%2Fb", .openAIModel("a/b")), ("GET", "/models/a/b", .openAIModel("a/b")),
            ("POST", "/models/a/b", .huggingFace(model: "a/b")),
            ("POST", "/hf-inference/models/a/b", .huggingFace(model: "a/b")),
            ("GET", "/v1/models/../x", .openAIUnknown), ("GET", "/v1/models/a%2F%2E%2E", .openAIUnknown),
            ("GET", "/v1/audio", .openAIUnknown), ("GET", "/v1", .openAIUnknown),
        ] as [(String, String, DialectCall)]
    )
    func knows(method: String, path: String, call: DialectCall) {
        #expect(Self.both.match(method: method, path: path) == DialectMatch(call: call, function: "f"))
    }

    @Test(
        "other paths are nobody's",
        arguments: ["/", "/v12", "/images/x", "/model", "/hf-inference/x", "/hf-inference/models/", "/functions/v1/f"]
    )
    func leavesOthers(path: String) {
        #expect(Self.both.match(method: "POST", path: path) == nil)
        #expect(Self.both.dialect(of: path, method: "POST") == nil)
    }

    @Test func `another method is told which there are`() {
        #expect(Self.both.match(method: "GET", path: "/v1/images/edits")?.allow == ["POST"])
        #expect(Self.both.match(method: "DELETE", path: "/v1/models")?.allow == ["GET", "HEAD"])
        #expect(Self.both.match(method: "POST", path: "/v1/models/a")?.allow == ["GET", "HEAD"])
        #expect(Self.paths([.huggingface]).match(method: "GET", path: "/models/a")?.allow == ["POST"])
        #expect(Self.paths([.openai]).match(method: "POST", path: "/models/a")?.allow == ["GET", "HEAD"])
    }

    @Test func `nobody speaks, nothing is taken`() {
        for path in ["/v1", "/v1/models", "/models/a/b", "/images/edits"] {
            #expect(Self.paths([]).match(method: "POST", path: path) == nil)
        }
        #expect(Self.paths([.huggingface]).match(method: "POST", path: "/v1/images/edits") == nil)
    }
}
