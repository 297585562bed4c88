// The README's web page: its script runs in node, with the few parts of a browser that it touches.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct ReadmePageTests {
    init() { TestLoop.start() }

    /// Stands for the page around the script, and prints what a person would see.
    private static let browser = """
        const notes = []
        globalThis.note = { set textContent(text) { notes.push(text) } }
        globalThis.words = { value: process.argv[2] }
        globalThis.picture = {}
        globalThis.form = {}
        await import("./page.mjs")
        await form.onsubmit({ preventDefault() {} })
        console.log(JSON.stringify({ notes, src: picture.src ?? null }))

        """

    @Test @LoopActor func `the page shows a wait, progress and the picture`() async throws {
        let environment = [("EDGE_SANDBOX_LOAD", "3"), ("EDGE_SANDBOX_TIME", "1")]
        try await withEdge(ReadmeHost.prepared(environment: environment.map { (name: $0.0, value: $0.1) })) { host in
            #expect(try #require(ReadmeHost.readme.blocks("html").first).text.split(separator: "\n").count <= 20)
            let first = try await Self.submit("a lighthouse", to: host)
            let again = try await Self.submit("a lighthouse", to: host)

            let notes = first.notes.joined(separator: "\n")
            #expect(notes.contains("loading"), "\(notes)")
            #expect(notes.contains("step 1 of 2"), "\(notes)")
            #expect(first.notes.last == "512 x 512, by sandbox")
            #expect(first.src?.hasPrefix("blob:") == true)
            #expect(again.notes == ["512 x 512, by sandbox"], "it is in the cache")
        }
    }

    @Test @LoopActor func `the page says in words what is wrong`() async throws {
        try await withEdge(ReadmeHost.prepared()) { host in
            let refused = try await Self.submit("", to: host)

            #expect(refused.notes == ["prompt is empty; use 1 to 2000 characters after trimming"])
            #expect(refused.src == nil)
        }
    }

    @Test @LoopActor func `the page shows why a job failed`() async throws {
        let manifest = TestManifest.bundled([("functions.generate.job.attempts", 1)])
        let host = ReadmeHost.prepared(environment: [("EDGE_SANDBOX_FAIL", "1")])
        replaceFile(host.manifestPath, with: manifest.text())
        try await withEdge(host) { host in
            let failed = try await Self.submit("a lighthouse", to: host)

            #expect(failed.notes.last?.contains("EDGE_SANDBOX_FAIL") == true, "\(failed.notes)")
        }
    }

    @LoopActor
    private static func submit(_ words: String, to host: EdgeHost) async throws -> (notes: [String], src: String?) {
        let page = try #require(ReadmeHost.readme.blocks("html").first).text
        let start = try #require(page.firstRange(of: "<script type=\"module\">")).upperBound
        let end = try #require(page.firstRange(of: "</script>")).lowerBound
        host.folder.write(ReadmeHost.adapted(String(page[start..<end]), to: host), to: "page.mjs")
        host.folder.write(browser, to: "browser.mjs")
        let result = try await runProgram("/usr/bin/env", ["node", "browser.mjs", words], in: host.folder)
        try #require(result.exit == .exited(0), "\(result.text)")
        let seen = try JSONValue.parse(result.output)
        return ((seen["notes"]?.array ?? []).compactMap(\.string), seen["src"]?.string)
    }
}
