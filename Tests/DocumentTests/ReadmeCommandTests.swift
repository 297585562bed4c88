// The README's commands, run in order as a reader would.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct ReadmeCommandTests {
    init() { TestLoop.start() }

    private static let readme = ReadmeHost.readme

    @Test @LoopActor func `every command of the README does what it says`() async throws {
        try await withEdge(ReadmeHost.prepared()) { host in
            #expect(Self.readme.blocks.count(where: Self.isRun) > 5)
            for (index, block) in Self.readme.blocks.enumerated() where Self.isRun(block) {
                let text = ReadmeHost.adapted(block.text, to: host)
                let result = try await runProgram("/bin/bash", ["-euo", "pipefail", "-c", text], in: host.folder)

                #expect(result.exit == .exited(0), "README.md:\(block.line): \(result.text)")
                let next = Self.readme.blocks.dropFirst(index + 1).first
                if let next, next.language == "json" { try Self.expect(result.output, like: next, host) }
                if next?.language != "json" {
                    #expect(!result.output.contains("\"error\""), "README.md:\(block.line): \(result.output)")
                }
            }
            for name in ["lighthouse.png", "fox.png", "orange.png"] {
                let bytes = fileBytes("\(host.folder.path)/\(name)") ?? []
                #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]), "\(name)")
            }
        }
    }

    @Test @LoopActor func `functions in other languages answer what the README says`() async throws {
        try await withEdge(ReadmeHost.prepared()) { host in
            let greeting = try await host.get("/functions/v1/greet/you%20two")
            let hello = try await host.get("/functions/v1/hello/you")
            let colour = try await host.post("/functions/v1/colour", ["colour": "ff8000"])
            let again = try await host.post("/functions/v1/colour", ["colour": "ff8000"], [("Range", "bytes=0-3")])

            #expect(greeting.json["hello"] == "you two")
            #expect(hello.text == "hello you\n")
            #expect(colour.pngSize.map { [$0.width, $0.height] } == [64, 64])
            #expect(again["Cache-Status"]?.hasPrefix("edge; hit") == true)
            try await eventually(
                "the service document",
                asking: {
                    try await host.get("/functions/v1/status").json["functions"]?["colour"] != nil
                }
            )
            #expect(!host.said.contains("Traceback"), "a question that colour.py does not know is no fault")
        }
    }

    @Test @LoopActor func `options of scripts/serve are options of edge serve`() async throws {
        let calls = Self.readme.blocks("sh").flatMap { $0.text.split(separator: "\n") }
            .filter { $0.hasPrefix("scripts/serve --") }
        let folder = TemporaryFolder()

        #expect(!calls.isEmpty)
        for call in calls {
            let arguments = call.split(separator: " ").dropFirst().map(String.init)
            let result = try await runEdge(["serve"] + arguments + ["--help"], in: folder)
            #expect(result.exit == .exited(0), "\(call): \(result.text)")
        }
        let help = try await runEdge(["help"], in: folder).output
        for row in Self.readme.rows(under: "Two commands") {
            let option = row[0].split(separator: " ")[0].dropFirst()
            #expect(help.contains("  \(option) "), "edge help does not name \(option)")
            for variable in row[1].split(separator: "`").filter({ $0.hasPrefix("E") || $0.hasPrefix("P") }) {
                #expect(help.contains(variable), "edge help does not name \(variable)")
            }
        }
    }

    @Test @LoopActor func `the job file is as the README shows it`() async throws {
        let shown = try #require(Self.readme.blocks("json", under: "The job file").first)
        try await withEdge(ReadmeHost.prepared(environment: [("EDGE_SANDBOX_LOAD", "600")])) { host in
            let id = try await host.accepted(["prompt": "a fox", "width": 64, "height": 64])
            _ = try await host.job(id) { $0["state"] == "waiting" }
            var file: JSONValue = .null
            try await eventually("the wait on disk") {
                file = host.activeJobs[id] ?? .null
                return file["state"] == "waiting"
            }

            // On a slow machine it has asked again by now.
            let attempts = try #require(file["attempts"]?.array)
            var first = try #require(file.object)
            first["attempts"] = .array(Array(attempts.prefix(1)))
            let differences = Likeness.differences(shown: try JSONValue.parse(shown.text), actual: .object(first))
            #expect(differences.isEmpty, "README.md:\(shown.line)")
        }
    }

    /// scripts/ builds and installs: those blocks are what has happened before this test runs.
    private static func isRun(_ block: Document.Block) -> Bool {
        block.language == "sh" && !block.text.hasPrefix("scripts/")
    }

    @LoopActor
    private static func expect(_ output: String, like block: Document.Block, _ host: EdgeHost) throws {
        let shown = try JSONValue.parse(block.text)
        let actual = try JSONValue.parse(output)
        let differences = Likeness.differences(shown: shown, actual: actual)
        #expect(differences.isEmpty, "README.md:\(block.line)")
    }
}
