// The README's scripts for the clients of other APIs, run with these.
import EdgeLoop
import TestSupport
import Testing

@Suite(.enabled(if: RealClients.areInstalled, Comment(rawValue: RealClients.advice)))
struct ReadmeClientTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `the scripts for other clients make images`() async throws {
        let blocks = ReadmeHost.readme.blocks("python", under: "Clients of OpenAI and Hugging Face")
        try await withEdge(ReadmeHost.prepared()) { host in
            #expect(blocks.count == 2)
            for block in blocks {
                let result = try await RealClients.run(ReadmeHost.adapted(block.text, to: host), host: host)

                #expect(result.exit == .exited(0), "README.md:\(block.line): \(result.text)")
            }
            #expect(fileBytes("\(host.folder.path)/boat.png")?.starts(with: [0x89, 0x50, 0x4E, 0x47]) == true)
        }
    }
}
