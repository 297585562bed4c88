// A disk that is really full: a small one of its own under the state directory.
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

struct FullDiskTests {
    init() { TestLoop.start() }

    private static let refusal = ["disk", "full"]

    @Test(.enabled(if: SmallDisk.canMount, "mounting a small disk needs root with CAP_SYS_ADMIN"))
    @LoopActor func `a full disk refuses new jobs, keeps the host up, and all goes on when there is room`() async throws
    {
        let gate = Gate()
        let upstream = try HuggingFaceScript([.image, .held(gate)])
        // However long the disk is full.
        let manifest = TestManifest.bundled([("functions.generate.job.attempts", 20)])
        let host = EdgeHost(EdgeOptions(manifest: manifest, environment: upstream.environment))
        let disk = try SmallDisk(at: host.state)
        defer { disk.unmount() }
        try await withEdge(host) { host in
            let kept = try await host.generate("one")
            try await host.settled()
            try await eventually(
                "the first job's charge in the ledger, before which its file may not go",
                asking: {
                    try await host.get("/metrics").text.contains("\nedge_ledger_unwritten 0\n")
                }
            )
            // Full to the last byte, in the second in which the host still believes that there is room.
            let held = try await host.accepted("held")
            try await upstream.called(2)
            disk.fill()
            let unwritten = try await host.generate("three")
            let again = try await host.generate("one")
            let ended = try #require(host.doneJobs.keys.first)
            let removal = try await host.delete("/status/\(ended)")

            #expect(kept.status == 200)
            expectProblem(unwritten, 503, naming: Self.refusal)
            #expect((unwritten.number("Retry-After") ?? 0) > 0)
            #expect(again.status == 200, "what is cached is answered")
            #expect(removal.status == 204, "removing makes room: \(removal.text)")
            #expect(Set(host.activeJobs.keys) == [held])
            #expect(filesIn("\(host.state)/jobs/tmp") == [])

            // What was made cannot be kept: the attempt fails and the job goes on.
            disk.fill()
            gate.open()
            let failing = try await host.job(held) { ($0["attempts"]?.array ?? []).contains { $0["outcome"] != nil } }
            #expect(failing.text().contains("No space left"))
            #expect(!failing.text().contains(host.state), "paths are the host's own: \(failing.text())")
            #expect(host.said.contains("job \(held): its result could not be stored: cannot "))
            try await eventually(
                "the host to see that there is no room",
                asking: { try await host.generate("four").status == 503 }
            )
            #expect(try await host.get("/healthz").status == 200)
            #expect(try await host.get("/status").status == 200)
            #expect(Set(host.activeJobs.keys) == [held])

            disk.free()
            try await eventually("new jobs", asking: { try await host.generate("five").status == 200 })
            #expect(try await host.finished(held)["state"] == "succeeded")
            #expect(try await host.generate("three").status == 200)
            #expect(filesIn("\(host.state)/jobs/dead") == [])
        }
    }

    @Test(.enabled(if: SmallDisk.canMount, "mounting a small disk needs root with CAP_SYS_ADMIN"))
    @LoopActor func `no more is accepted than what the results of will fit`() async throws {
        let gate = Gate()
        // Its checksum takes long: made once, away from the loop that all tests share. What precedes byte 52 tells the pictures apart.
        let large = await Pool.run { TestPicture.png("a", extra: (3 << 20) - 4096) }
        let upstream = try HuggingFaceScript { number, _ in
            let name = String(UnicodeScalar(UInt8(96 + number)))
            let picture = TestPicture.png(name)[..<52] + large[52...]
            return .wire(.bytes(Array(picture), type: "image/png").after(gate))
        }
        let host = EdgeHost(EdgeOptions(environment: upstream.environment))
        // Beside what stays free in any case it holds five such pictures, and no sixth.
        let disk = try SmallDisk(at: host.state, megabytes: 81)
        defer { disk.unmount() }
        try await withEdge(host) { host in
            var accepted: [String] = []
            for number in 0..<12 {
                let answer = try await host.generate("boat \(number)", [("Prefer", "respond-async")])
                if let id = answer.json["id"]?.string, answer.status == 202 {
                    accepted.append(id)
                } else {
                    expectProblem(answer, 503, naming: Self.refusal)
                }
            }
            #expect((3...5).contains(accepted.count), "\(accepted.count)")
            gate.open()
            for id in accepted {
                let ended = try await host.finished(id)
                #expect(ended["state"] == "succeeded")
                #expect(ended["attempts"]?.array?.count == 1)
            }
        }
    }

    @Test(.enabled(if: SmallDisk.canMount, "mounting a small disk needs root with CAP_SYS_ADMIN"))
    @LoopActor func `a host does not start on a full disk, and says so in a line`() async throws {
        let folder = TemporaryFolder()
        folder.write(TestManifest.bundled.text(), to: "functions.json")
        folder.write(TestSettings.bundled.text(pretty: true), to: "generate.json")
        let disk = try SmallDisk(at: "\(folder.path)/state")
        defer { disk.unmount() }
        disk.fill()

        let result = try await runEdge(["serve", "--port", "0", "--state", "state"], in: folder)

        #expect(result.exit == .exited(1))
        #expect(result.errors.contains("free some space"), "\(result.text)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.text)")
    }
}

/// A file system in memory that a test can fill.
@LoopActor
private final class SmallDisk {
    private let path: String

    nonisolated static let canMount: Bool = {
        let folder = TemporaryFolder()
        guard mount("tmpfs", folder.path, "tmpfs", 0, "size=1m") == 0 else { return false }
        return umount(folder.path) == 0
    }()

    /// - Parameters:
    ///   - path: made, and mounted on.
    ///   - megabytes: larger than what a host keeps free.
    init(at path: String, megabytes: Int = 72) throws {
        self.path = path
        makeFolder(path)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m,mode=700") == 0 else {
            throw NotMounted(code: errno)
        }
    }

    struct NotMounted: Error { let code: Int32 }

    /// Leaves not one byte.
    func fill() {
        let file = open("\(path)/ballast", O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o600)
        let piece = [UInt8](repeating: 1, count: 1 << 20)
        while write(file, piece, piece.count) > 0 {}
        close(file)
    }

    func free() { unlink("\(path)/ballast") }

    func unmount() { umount2(path, Int32(MNT_DETACH)) }
}
