// What is kept, what never is, and what happens to files that are damaged.
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

struct CacheTests {
    init() { TestLoop.start() }

    @Test(arguments: [nil, TemporaryFolder.memory]) @LoopActor
    func `a kept image answers without the provider, also after a restart`(in place: String?) async throws {
        let upstream = try HuggingFaceScript()
        var options = EdgeOptions(environment: upstream.environment)
        options.place = place
        try await withEdge(options) { host in
            let first = try await host.generate("a fox")
            let second = try await host.generate("a fox")
            try await eventually("the job's end on disk") { host.doneJobs.count == 1 && host.activeJobs.isEmpty }
            try await host.restart()
            let third = try await host.generate("a fox")

            #expect(first.status == 200)
            #expect(second.content == first.content)
            #expect(third.content == first.content)
            #expect(first["Cache-Status"]?.contains("fwd=miss") == true)
            #expect(third["Cache-Status"]?.contains("hit") == true)
            #expect(third["ETag"] != nil)
            #expect(upstream.calls == 1)
        }
    }

    @Test @LoopActor func `fresh makes a new one, which then answers`() async throws {
        let upstream = try HuggingFaceScript([
            .image, .body(HuggingFaceScript.picture("another fox"), type: "image/png"),
        ])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let old = try await host.generate("a fox")
            let fresh = try await host.generate(["prompt": "a fox", "fresh": true])
            let after = try await host.generate("a fox")

            #expect(old.content == HuggingFaceScript.content("a fox"))
            #expect(fresh.content == HuggingFaceScript.content("another fox"))
            #expect(after.content == fresh.content)
            #expect(upstream.calls == 2)
        }
    }

    @Test @LoopActor func `each fresh picture without a seed has one of its own, which the document tells`()
        async throws
    {
        let fox: JSONValue = ["prompt": "a fox", "width": 64, "height": 64]
        let fresh: JSONValue = ["prompt": "a fox", "width": 64, "height": 64, "fresh": true]
        let asDocument: Headers = [("Accept", "application/json")]
        try await withEdge { host in
            let first = try await host.generate(fox)
            let old = try await host.generate(fox, asDocument)
            let documents = [
                try await host.generate(fresh, asDocument).json, try await host.generate(fresh, asDocument).json,
            ]
            let last = try await host.generate(fox)
            let seeds = documents.compactMap { $0["seed"]?.integer }
            let images = documents.compactMap { $0["images"]?.array?.first?["sha256"]?.string }
            let same = try await host.generate([
                "prompt": "a fox", "width": 64, "height": 64, "seed": .integer(seeds.last ?? 0),
            ])

            #expect(old.json["seed"]?.isNull ?? true)
            #expect(Set(seeds).count == 2 && seeds.allSatisfy { (0...4_294_967_295).contains($0) }, "\(documents)")
            #expect(Set(images).count == 2)
            #expect(last.content != first.content, "the newest one answers from now on")
            #expect(same.content == last.content, "who names that seed gets that picture")
        }
    }

    @Test @LoopActor func `a seed that was drawn is told to providers that take one`() async throws {
        let upstream = try HuggingFaceScript()
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            _ = try await host.generate("a fox")
            _ = try await host.generate(["prompt": "a fox", "fresh": true])
            _ = try await host.generate(["prompt": "a fox", "fresh": true, "seed": 7])
            let seeds = upstream.images.map { request in
                (try? JSONValue.parse(request.body))?["parameters"]?["seed"]?.integer
            }

            #expect(seeds.count == 3)
            #expect(seeds[0] == nil)
            #expect(seeds[1] != nil)
            #expect(seeds[2] == 7)
        }
    }

    @Test @LoopActor func `failures are never kept`() async throws {
        let upstream = try HuggingFaceScript([.error(400, "bad prompt"), .error(402, "no credits left"), .image])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let first = try await host.generate("a fox")
            let second = try await host.generate("a fox")
            let third = try await host.generate("a fox")

            #expect(first.status >= 400)
            #expect(second.status >= 400)
            #expect(third.status == 200)
            #expect(upstream.calls == 3)
        }
    }

    @Test @LoopActor func `every parameter is in the key`() async throws {
        let upstream = try HuggingFaceScript()
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let bodies: [JSONValue] = [
                ["prompt": "x"], ["prompt": "x", "negative_prompt": "y"], ["prompt": "x", "width": 512],
                ["prompt": "x", "height": 512],
                ["prompt": "x", "steps": 4], ["prompt": "x", "guidance_scale": 3.5], ["prompt": "x", "seed": 4],
                ["prompt": "x", "scheduler": "EulerDiscreteScheduler"], ["prompt": "x", "model": "acme/painter"],
            ]
            for body in bodies + bodies {
                let answer = try await host.generate(body)
                #expect(answer.status == 200, "\(body.text())")
            }

            #expect(upstream.calls == bodies.count)
        }
    }

    @Test @LoopActor func `a damaged or missing image is noticed and made again, never served`() async throws {
        let upstream = try HuggingFaceScript()
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let picture = HuggingFaceScript.picture("a fox")
            let id = try await host.accepted("a fox")
            let url = try #require(try await host.finished(id)["images"]?.array?.first?["url"]?.string)
            let path = String(url[try #require(url.firstRange(of: "/images/")).lowerBound...])
            for harm in ["damaged", "missing", "short", "damaged after a restart"] {
                try await host.settled()
                #expect(host.activeJobs.isEmpty && host.cacheEntries.count == 1, "everything is on disk")
                let file = try #require(filesBelow("\(host.state)/images").first)
                switch harm {
                case "missing": unlink(file)
                case "short": truncate(file, 30)
                default: damageFile(file)
                }
                if harm.hasSuffix("restart") { try await host.restart() }
                let direct = try await host.get(path)
                let calls = upstream.calls
                let answer = try await host.generate("a fox")
                let document = try await host.generate("a fox", [("Accept", "application/json")])
                let image = try await host.get(path)

                #expect(direct.status == 404 || direct.content == Content(picture), "\(harm)")
                #expect(answer.content == Content(picture), "\(harm)")
                #expect(document.json["images"]?.array?.first?["url"]?.string?.hasSuffix(path) == true, "\(harm)")
                #expect(image.content == Content(picture), "what the document names is there: \(harm)")
                #expect(upstream.calls == calls + 1, "\(harm)")
            }
        }
    }

    @Test @LoopActor func `images answer HEAD, ranges and conditions`() async throws {
        try await withEdge { host in
            let id = try await host.accepted(["prompt": "a fox", "width": 64, "height": 64])
            let document = try await host.finished(id)
            let url = try #require(document["images"]?.array?.first?["url"]?.string)
            let path = String(url[try #require(url.firstRange(of: "/images/")).lowerBound...])
            let whole = try await host.get(path)
            let tag = try #require(whole["ETag"])
            for target in [path, "/generate?prompt=a+fox&width=64&height=64"] {
                let head = try await host.ask("HEAD", target)
                let part = try await host.get(target, [("Range", "bytes=8-15")])
                let tail = try await host.get(target, [("Range", "bytes=-5")])
                let beyond = try await host.get(target, [("Range", "bytes=99999999-")])
                let same = try await host.get(target, [("If-None-Match", tag)])
                let other = try await host.get(target, [("If-None-Match", "\"other\"")])
                let byTag = try await host.get(target, [("Range", "bytes=0-3"), ("If-Range", "\"other\"")])

                #expect(head.status == 200, "\(target)")
                #expect(head.number("Content-Length") == whole.body.count, "\(target)")
                #expect(head["ETag"] == tag, "\(target)")
                #expect(part.status == 206, "\(target)")
                #expect(part.content == Content(whole.body[8...15]), "\(target)")
                #expect(part["Content-Range"] == "bytes 8-15/\(whole.body.count)", "\(target)")
                #expect(tail.content == Content(whole.body.suffix(5)), "\(target)")
                #expect(beyond.status == 416, "\(target)")
                #expect(same.status == 304, "\(target)")
                #expect(same["ETag"] == tag, "\(target)")
                #expect(other.status == 200, "\(target)")
                #expect(byTag.status == 200, "\(target)")
                #expect(byTag.content == whole.content, "\(target)")
            }
        }
    }

    @Test @LoopActor func `perDay caps the runs of a day, names the setting, and is counted from the job files`()
        async throws
    {
        let manifest = TestManifest.bundled([("functions.generate.job.perDay", 2)])
        let upstream = try HuggingFaceScript()
        try await withEdge(EdgeOptions(manifest: manifest, environment: upstream.environment)) { host in
            #expect(try await host.generate("one").status == 200)
            #expect(try await host.generate("two").status == 200)
            let refused = try await host.generate("three")
            let cached = try await host.generate("one")
            try await eventually("both jobs on disk") { host.doneJobs.count == 2 }
            try await host.restart()
            let later = try await host.generate("four")

            for answer in [refused, later] {
                expectProblem(answer, 429, naming: ["perDay", "2"])
                #expect((1...86_400).contains(answer.number("Retry-After") ?? 0))
            }
            #expect(cached.status == 200)
            #expect(upstream.calls == 2)
        }
    }

    @Test @LoopActor func `a run counts for the day also when its job was removed, across a restart`() async throws {
        let manifest = TestManifest.bundled([("functions.generate.job.perDay", 3)])
        let upstream = try HuggingFaceScript([.error(500, "boom")])
        try await withEdge(EdgeOptions(manifest: manifest, environment: upstream.environment)) { host in
            // The first one takes two runs, for it fails once.
            for prompt in ["one", "two"] {
                let id = try await host.accepted(["prompt": .string(prompt)])
                _ = try await host.finished(id)
                #expect(try await host.delete("/status/\(id)").status == 204)
            }
            #expect(host.doneJobs.isEmpty && host.activeJobs.isEmpty)
            #expect(filesBelow("\(host.state)/jobs").allSatisfy { fileText($0)?.contains("prompt") == false })
            try await host.restart()

            expectProblem(try await host.generate("four"), 429, naming: ["perDay", "3"])
            #expect(upstream.calls == 3)
        }
    }

    @Test @LoopActor func `the least recently used go when the cache is full, and none is kept beyond its time`()
        async throws
    {
        let manifest = TestManifest.bundled([("host.cache.size", "1MB")])
        let upstream = try HuggingFaceScript { _, request in
            .body(TestPicture.png(HuggingFaceScript.prompt(of: request), extra: 400_000), type: "image/png")
        }
        try await withEdge(EdgeOptions(manifest: manifest, environment: upstream.environment)) { host in
            // Asks for no picture, since that is to use it.
            for (count, prompt) in ["one", "two"].enumerated() {
                _ = try await host.generate(prompt)
                try await host.settled()
                #expect(host.cacheEntries.count == count + 1)
            }
            _ = try await host.generate("one")
            let first = host.cacheEntries
            _ = try await host.generate("three")
            try await eventually("the oldest to go") { host.cacheEntries.count == 2 && host.cacheEntries != first }
            let calls = upstream.calls
            for prompt in ["one", "three"] { _ = try await host.generate(prompt) }
            let kept = upstream.calls
            _ = try await host.generate("two")

            #expect(calls == 3)
            #expect(kept == 3)
            #expect(upstream.calls == 4)
        }
        let short = TestManifest.bundled([("functions.generate.cache.ttl", "1s")])
        let second = try HuggingFaceScript()
        try await withEdge(EdgeOptions(manifest: short, environment: second.environment)) { host in
            let first = try await host.generate("a fox")
            try await eventually(
                "the end of its time",
                asking: {
                    _ = try await host.generate("a fox")
                    return second.calls == 2
                }
            )

            #expect(first.all("Cache-Control").contains("max-age=1"))
        }
    }
}
