// Finished jobs go in their time, by the settings of functions.json.
import CivilTime
import EdgeLoop
import JSON
import TestSupport
import Testing

struct RetentionTests {
    init() { TestLoop.start() }

    /// Generate without a cache, which would keep the images too.
    private static var uncached: (path: String, value: JSONValue) {
        let members = TestManifest.bundled["functions"]?["generate"]?.object?.members ?? []
        var generate: JSONObject = [:]
        for member in members where member.key != "cache" { generate[member.key] = member.value }
        return ("functions.generate", .object(generate))
    }

    /// Makes a stopped host's job one that ended so many hours ago.
    @LoopActor
    private func age(_ id: String, hours: Int, in host: EdgeHost) throws {
        let day = try #require(
            filesIn("\(host.state)/jobs/done").first { day in
                fileExists("\(host.state)/jobs/done/\(day)/\(id).json")
            }
        )
        var document = try #require(host.doneJobs[id]?.object)
        let ended = Timestamp.now() - .seconds(hours * 3600)
        document["finished"] = .string(ended.iso8601)
        replaceFile("\(host.state)/jobs/done/\(day)/\(id).json", with: JSONValue.object(document).text())
    }

    @Test @LoopActor func `jobs and images that are too old are gone, and the others are there`() async throws {
        let retention: JSONValue = ["jobs": ["age": "2d"], "images": ["age": "1d"]]
        let host = EdgeHost(
            EdgeOptions(manifest: TestManifest.bundled([Self.uncached, ("host.retention", retention)]))
        )
        try await withEdge(host) { host in
            var ids: [String] = []
            for prompt in ["a", "b", "c"] {
                let body: JSONValue = ["prompt": .string(prompt), "width": 64, "height": 64]
                let answer = try await host.generate(
                    body,
                    [("Accept", "application/json"), ("Idempotency-Key", prompt)]
                )
                ids.append(try #require(answer.json["id"]?.string, "\(answer.text)"))
            }
            try await eventually("their ends on disk") { host.doneJobs.count == 3 }
            let image = try #require(host.doneJobs[ids[1]]?["images"]?.array?.first?["sha256"]?.string)
            try await host.kill()
            try age(ids[0], hours: 49, in: host)
            try age(ids[1], hours: 25, in: host)
            try await host.start()

            try await eventually("the first to go", asking: { try await host.get("/status/\(ids[0])").status == 404 })
            let second = try await host.job(ids[1]) { $0["imagesRemoved"] != nil }
            let third = try await host.job(ids[2])
            #expect(second["images"] == [])
            #expect(second["state"] == "succeeded")
            try await eventually(
                "its image to go",
                asking: { try await host.get("/images/\(image).png").status == 404 }
            )
            let kept = try #require(third["images"]?.array?.first?["sha256"]?.string)
            #expect(try await host.get("/images/\(kept).png").status == 200)

            // Its key is free, for what it led to is gone: the same request makes it anew.
            let again = try await host.generate(
                ["prompt": "b", "width": 64, "height": 64],
                [("Accept", "application/json"), ("Idempotency-Key", "b")]
            )
            #expect(again.status == 200)
            #expect(again.json["id"]?.string != ids[1])
            #expect(again.json["images"]?.array?.first?["url"]?.string?.contains(".png") == true)
        }
    }

    @Test @LoopActor func `a mistake in the settings is refused with its line`() async throws {
        let retention: JSONValue = ["tiers": ["free": ["age": "1d"]]]
        let folder = TemporaryFolder()
        let manifest = TestManifest.bundled([("host.retention", retention)])
        folder.write(manifest.text(pretty: true), to: "functions.json")

        let result = try await runEdge(["serve", "--port", "0", "--state", "state"], in: folder)

        #expect(result.exit == .exited(1))
        #expect(result.errors.contains("host.retention.tiers.free.age"), "\(result.text)")
        #expect(result.errors.contains("\"jobs\" or \"images\""), "\(result.text)")
    }
}
