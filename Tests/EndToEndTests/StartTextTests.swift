// What the operator reads at a start and at a reload.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct StartTextTests {
    init() { TestLoop.start() }

    private static func manifest(_ auth: [(function: String, auth: String?)]) -> JSONValue {
        var functions = JSONObject()
        for (name, auth) in auth {
            var entry: JSONObject = ["run": ["hello"]]
            entry["auth"] = auth.map { .string($0) }
            functions[name] = .object(entry)
        }
        return ["functions": .object(functions)]
    }

    /// The `auth` of each function, as the last lines about it tell.
    private static func told(_ text: some StringProtocol) -> [String: String] {
        var told: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split { " ,".contains($0) }
            guard let at = words.firstIndex(of: "auth"), at >= 2, words[at - 2].hasSuffix("function") else { continue }
            told[String(words[at - 1].dropLast())] = String(words[at + 1])
        }
        return told
    }

    @Test @LoopActor func `the auth of each function is told, the default one too, and anew after a reload`()
        async throws
    {
        let first = Self.manifest([("open", "none"), ("shown", "optional"), ("closed", "required"), ("unsaid", nil)])
        try await withEdge(EdgeOptions(manifest: first)) { host in
            _ = try await host.output.line(containing: "function unsaid: ")
            let started = Self.told(host.output.text)
            #expect(started == ["open": "none", "shown": "optional", "closed": "required", "unsaid": "optional"])
            // What was told is what holds.
            for (name, auth) in started {
                let status = try await host.get("/functions/v1/\(name)").status
                #expect((status == 401) == (auth == "required"), "\(name), \(auth): \(status)")
            }

            let second = Self.manifest([("open", "required"), ("unsaid", nil)])
            replaceFile(host.manifestPath, with: second.text(pretty: true))
            _ = try await host.output.line(containing: "reloaded")
            try await eventually("both lines") {
                Self.told(host.output.text.split(separator: "reloaded").last ?? "").count == 2
            }
            let later = Self.told(host.output.text.split(separator: "reloaded").last ?? "")
            #expect(later == ["open": "required", "unsaid": "optional"])
        }
    }
}
