// Files that another program drops into jobs/inbox.
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

struct InboxTests {
    init() { TestLoop.start() }

    @LoopActor
    private func drop(_ text: String, _ name: String, _ host: EdgeHost) {
        host.folder.write(text, to: "dropped.tmp")
        rename("\(host.folder.path)/dropped.tmp", "\(host.state)/jobs/inbox/\(name)")
    }

    private static func request(_ prompt: String, fresh: Bool = false) -> String {
        #"{"function": "generate", "request": {"prompt": "\#(prompt)", "width": 64, "height": 64, "fresh": \#(fresh)}}"#
    }

    @Test @LoopActor func `a dropped file becomes a job and goes, also one that was there before the host`()
        async throws
    {
        let host = EdgeHost()
        try await withEdge(host) { host in
            drop(Self.request("a fox"), "fox.json", host)
            try await eventually("the first job") { host.doneJobs.count == 1 }
            try await host.kill()
            drop(Self.request("a hen"), "hen.json", host)
            try await host.start()
            try await eventually("the second job") { host.doneJobs.count == 2 }
            try await eventually("an empty inbox") { filesIn("\(host.state)/jobs/inbox").isEmpty }

            #expect(host.doneJobs.values.allSatisfy { $0["state"] == "succeeded" })
            #expect(
                try await host.generate(["prompt": "a hen", "width": 64, "height": 64])["Cache-Status"]?.contains("hit")
                    == true
            )
        }
    }

    @Test @LoopActor func `the same file is one job, after a crash between its job and its end as well`() async throws {
        let host = EdgeHost()
        try await withEdge(host) { host in
            drop(Self.request("a fox", fresh: true), "fox.json", host)
            try await eventually("the job") { host.doneJobs.count == 1 }
            try await eventually("an empty inbox") { filesIn("\(host.state)/jobs/inbox").isEmpty }
            try await host.kill()
            // As if the host had died before the file was gone.
            drop(Self.request("a fox", fresh: true), "fox.json", host)
            try await host.start()
            try await eventually("an empty inbox") { filesIn("\(host.state)/jobs/inbox").isEmpty }
            drop(Self.request("a hen"), "fox.json", host)
            try await eventually("the reason") { fileExists("\(host.state)/jobs/inbox/bad/fox.json") }

            #expect(host.doneJobs.count == 1)
            #expect(host.activeJobs.isEmpty)
            #expect(fileText("\(host.state)/jobs/inbox/bad/fox.json.reason.txt")?.contains("name of its own") == true)
        }
    }

    @Test @LoopActor func `bad files are moved aside with the reason that a client would get`() async throws {
        try await withEdge { host in
            drop(#"{"function": "generate", "request": {"prompt": "x", "width": 63}}"#, "width.json", host)
            drop(#"{"function": "status", "request": {}}"#, "plain.json", host)
            drop("no JSON at all", "junk.json", host)
            let bad = "\(host.state)/jobs/inbox/bad"
            try await eventually("all reasons") { filesIn(bad).count == 6 }

            #expect(fileText("\(bad)/width.json.reason.txt")?.contains("width is 63") == true)
            #expect(fileText("\(bad)/plain.json.reason.txt")?.contains("there are: generate") == true)
            #expect(fileText("\(bad)/junk.json.reason.txt")?.contains("no JSON") == true)
            #expect(host.doneJobs.isEmpty)
        }
    }

    @Test @LoopActor func `beyond the runs of a day files wait in the inbox`() async throws {
        let manifest = TestManifest.bundled([("functions.generate.job.perDay", 1)])
        try await withEdge(EdgeOptions(manifest: manifest)) { host in
            drop(Self.request("a fox"), "a.json", host)
            try await eventually("the first job") { host.doneJobs.count == 1 }
            drop(Self.request("a hen"), "b.json", host)
            try await eventually("a word in the log") { host.said.contains("b.json: it waits") }

            #expect(filesIn("\(host.state)/jobs/inbox").contains("b.json"))
            #expect(host.doneJobs.count == 1)
        }
    }
}
