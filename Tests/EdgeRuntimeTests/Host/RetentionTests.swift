// Finished jobs and images that are too old or too much, on a real folder with a hand-moved clock.
import Callers
import CivilTime
import Digest
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

@testable import EdgeRuntime

struct RetentionTests {
    init() { TestLoop.start() }

    @LoopActor
    private final class Fixture {
        let folder: TemporaryFolder
        let state: StateDirectory
        let files: JobFiles
        let images: ImageFiles
        let cache: ResultCache
        let finishing: JobFinish
        let retention: Retention
        private let log: LogWriter
        private let descriptor: Int32

        init(_ folder: TemporaryFolder = TemporaryFolder(), calls: FileCalls = .system) async throws {
            self.folder = folder
            state = try await StateDirectory(path: "\(folder.path)/state", calls: calls)
            files = JobFiles(state: state)
            images = ImageFiles(state: state)
            cache = ResultCache(images: images, sizeMax: 1 << 30)
            finishing = JobFinish(files: files, images: images, cache: cache) { Issue.record("\($0)") }
            descriptor = open("\(folder.path)/log", O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o600)
            log = LogWriter(descriptor: descriptor, form: .text)
            retention = Retention(files: files, images: images, cache: cache, finishing: finishing, log: log)
        }

        isolated deinit {
            log.finish()  // or its last lines would go to whatever has the descriptor's number next
            close(descriptor)
        }

        /// Takes up what an earlier host left, as the host does at its start.
        func adopt() async throws {
            _ = try await files.load()
            await cache.load()
            await files.eachFinished { [finishing] stored in
                guard let document = try? Housekeeping.document(stored.document) else { return }
                finishing.adopt(document, id: stored.id)
                finishing.keep(document, id: stored.id, bytes: stored.document.count)
            }
            _ = await images.sweep()
        }

        /// A finished job with an image of its own.
        func job(_ text: String, ended: Timestamp, _ tier: Tier = .free, imageBytes: Int = 100) async throws -> Made {
            let bytes = Array(text.utf8) + [UInt8](repeating: 7, count: imageBytes)
            let stored = try await images.put(bytes, ext: "png")
            let image: JSONValue = [
                "sha256": .string(stored.sha256), "type": "image/png", "bytes": .integer(Int64(bytes.count)),
            ]
            let id = UUIDText.version7()
            let document: JSONObject = [
                "version": 1, "id": .string(id), "function": "f", "generation": .string(id), "state": "succeeded",
                "created": .string(ended.iso8601), "finished": .string(ended.iso8601), "attempts": [],
                "caller": Caller(id: "key:a", tier: tier, isKnown: true).json, "images": [image], "facts": [:],
            ]
            finishing.adopt(document, id: id)
            try await files.finish(id: id, document: document.encoded(), day: ended.day)
            finishing.keep(document, id: id, bytes: document.encoded().count)
            return Made(id: id, image: stored.name, result: try #require(JobDocument.result(in: document)))
        }

        func isThere(_ image: ImageName) -> Bool { fileExists(images.path(of: image)) }
    }

    private struct Made {
        let id: String
        let image: ImageName
        let result: JobResult
    }

    private static let now = Timestamp(iso8601: "2026-11-21T12:00:00.000Z") ?? Timestamp(milliseconds: 0)
    private static func ago(_ hours: Int) -> Timestamp { now - .seconds(hours * 3600) }

    @Test @LoopActor func `a job that is too old goes with its image, and what a kept job or the cache names stays`()
        async throws
    {
        let fixture = try await Fixture()
        let old = try await fixture.job("old", ended: Self.ago(8 * 24))
        let cached = try await fixture.job("cached", ended: Self.ago(8 * 24))
        let shared = try await fixture.job("shared", ended: Self.ago(8 * 24))
        let kept = try await fixture.job("shared", ended: Self.ago(6 * 24))
        let key = SHA256.hex(of: "key")
        let entry = CacheEntry(cached.result, job: cached.id, made: Self.ago(8 * 24))
        try await fixture.cache.insert(key: key, entry: entry, ttl: .seconds(30 * 86_400))

        await fixture.retention.trim(now: Self.now)
        await fixture.images.removalsEnded()

        for job in [old, cached, shared] { #expect(await fixture.files.readDone(id: job.id) == nil) }
        #expect(await fixture.files.readDone(id: kept.id) != nil)
        #expect(!fixture.isThere(old.image))
        #expect(fixture.isThere(cached.image))
        #expect(fixture.isThere(shared.image))
        #expect(fixture.finishing.kept.count == 1)
        await fixture.files.removeEmptyDays(before: Self.ago(24).day)
        #expect(fixture.folder.names(in: "state/jobs/done") == [Self.ago(6 * 24).day])
    }

    @Test @LoopActor func `beyond the size the oldest job goes, and leaves what counts of the last 24 hours`()
        async throws
    {
        let fixture = try await Fixture()
        let ended = [Self.ago(25), Self.ago(23), Self.ago(1)]
        var jobs: [Made] = []
        for (index, moment) in ended.enumerated() { jobs.append(try await fixture.job("\(index)", ended: moment)) }
        fixture.retention.settings.jobs.size = fixture.finishing.kept.bytes / 3

        await fixture.retention.trim(now: Self.now)

        #expect(await fixture.files.readDone(id: jobs[0].id) == nil)
        #expect(await fixture.files.readDone(id: jobs[1].id) == nil)
        #expect(await fixture.files.readDone(id: jobs[2].id) != nil)
        var traced: [String?] = []
        for day in [Self.now.day, Self.ago(24).day] {
            await fixture.files.eachTrace(of: day) { traced.append((try? JSONValue.parse($0))?["generation"]?.string) }
        }
        #expect(traced == [jobs[1].id], "quotas look back 24 hours, also into yesterday")
    }

    @Test @LoopActor func `images that are too old go, their job stays and says so, also for the next host`()
        async throws
    {
        let folder = TemporaryFolder()
        let made: Made
        let kept: Made
        do {
            let fixture = try await Fixture(folder)
            fixture.retention.settings.images.age = .seconds(86_400)
            made = try await fixture.job("old", ended: Self.ago(25))
            kept = try await fixture.job("new", ended: Self.ago(23))

            await fixture.retention.trim(now: Self.now)
            await fixture.images.removalsEnded()

            #expect(!fixture.isThere(made.image))
            #expect(fixture.isThere(kept.image))
            let stored = try #require(await fixture.files.readDone(id: made.id))
            let shown = JobDocument.shown(try #require(try JSONValue.parse(stored).object), base: "http://h")
            #expect(shown["images"] == [])
            #expect(shown["imagesRemoved"]?.string == Self.now.iso8601)
            #expect(shown["state"] == "succeeded")
        }

        let next = try await Fixture(folder)
        try await next.adopt()
        #expect(next.finishing.kept.count == 2)
        #expect(!next.images.isHeld(made.image))
        #expect(next.images.isHeld(kept.image))
        next.retention.settings.images.age = .seconds(86_400)
        await next.retention.trim(now: Self.now)
        #expect(next.isThere(kept.image))
        await next.retention.trim(now: Self.now + .seconds(8 * 86_400))
        #expect(next.finishing.kept.count == 0)
    }

    @Test @LoopActor func `beyond the images' size the oldest holds end, of jobs and of the cache alike`() async throws
    {
        let fixture = try await Fixture()
        let size = 400 << 10
        var jobs: [Made] = []
        for hours in [5, 4, 3, 2] {
            jobs.append(try await fixture.job("\(hours)", ended: Self.ago(hours), imageBytes: size))
        }
        let key = SHA256.hex(of: "key")
        try await fixture.cache.insert(
            key: key,
            entry: CacheEntry(jobs[0].result, job: jobs[0].id, made: .now()),
            ttl: .seconds(86_400)
        )
        _ = await fixture.images.sweep()
        let before = fixture.images.bytes
        fixture.retention.settings.images.size = 1 << 20

        await fixture.retention.trim(now: Self.now)

        #expect(before > 4 * size)
        // The cache's entry was used just now, which is after all of these jobs.
        #expect(jobs.map { fixture.isThere($0.image) } == [true, false, false, true])
        #expect(fixture.images.bytes <= 1 << 20)
        #expect(fixture.finishing.kept.count == 4, "the job files stay")

        fixture.retention.settings.images.size = 1
        await fixture.retention.trim(now: Self.now)
        #expect(fixture.cache.count == 0)
        #expect(jobs.allSatisfy { !fixture.isThere($0.image) })
        #expect(fixture.images.bytes == 0)
    }

    @Test @LoopActor func `what cannot be removed is tried again in the next round`() async throws {
        let disk = FaultyDisk()
        var calls = disk.calls
        calls.unlink = { path in
            path.contains("/done/") && disk.now.code == EIO ? -EIO : FileCalls.system.unlink(path)
        }
        let fixture = try await Fixture(calls: calls)
        let old = try await fixture.job("old", ended: Self.ago(8 * 24))

        disk.arm(failing: nil, code: EIO)
        await fixture.retention.trim(now: Self.now)
        #expect(await fixture.files.readDone(id: old.id) != nil)
        #expect(fixture.isThere(old.image), "its job names it still")
        disk.arm(failing: nil, code: ENOSPC)
        await fixture.retention.trim(now: Self.now)

        #expect(await fixture.files.readDone(id: old.id) == nil)
    }
}
