// Which finished job goes next.
import Callers
import CivilTime
import Digest
import JSON
import Testing

@testable import EdgeRuntime

struct KeptJobsTests {
    private static let start = Timestamp(milliseconds: 1_795_262_400_000)

    private struct Sample {
        let id = UUIDText.version7()
        let job: KeptJob
        var key: JobKey { job.key }

        /// A job that ended so many hours after the start.
        init(_ hours: Int, _ tier: Tier = .free, bytes: Int = 1000, imageBytes: Int = 0) throws {
            let image: JSONValue = [
                "sha256": .string(SHA256.hex(of: "x")), "type": "image/png", "bytes": .integer(Int64(imageBytes)),
            ]
            let document: JSONObject = [
                "finished": .string((KeptJobsTests.start + .seconds(hours * 3600)).iso8601),
                "caller": Caller(id: "key:a", tier: tier, isKnown: true).json,
                "images": imageBytes > 0 ? [image] : [],
            ]
            job = try #require(KeptJob(document, id: id, bytes: bytes))
        }
    }

    private func kept(_ samples: [Sample]) -> KeptJobs {
        var kept = KeptJobs()
        for sample in samples { kept.insert(sample.job) }
        return kept
    }

    /// All that goes, in its order.
    private func goes(_ kept: KeptJobs, _ settings: RetentionSettings, at hours: Int) -> [KeptJobs.Removal] {
        var kept = kept
        var all: [KeptJobs.Removal] = []
        while let next = kept.next(settings, now: Self.start + .seconds(hours * 3600)) {
            all.append(next)
            switch next.what {
            case .job: kept.remove(next.key, finished: next.finished)
            case .images: kept.removeImages(next.key, finished: next.finished)
            }
        }
        return all
    }

    @Test func `each tier's jobs go after its own age, to the millisecond`() throws {
        let samples = try [Sample(0), Sample(0, .pro), Sample(5), Sample(5, .pro)]
        var settings = RetentionSettings()
        settings.tiers[.free] = RetentionSettings.Bounds()
        settings.tiers[.free]?.jobs.age = .seconds(24 * 3600)

        #expect(goes(kept(samples), settings, at: 23).isEmpty)
        #expect(goes(kept(samples), settings, at: 24).map(\.key) == [samples[0].key])
        #expect(goes(kept(samples), settings, at: 29).map(\.key) == [samples[0].key, samples[2].key])
        #expect(Set(goes(kept(samples), settings, at: 7 * 24).map(\.key)) == Set(samples[0...2].map(\.key)))
        #expect(goes(kept(samples), settings, at: 8 * 24).count == 4)
    }

    @Test func `beyond the size the oldest go, in whatever order they were told of`() throws {
        let samples = try (0..<10).map { try Sample($0, $0 % 2 == 0 ? .free : .enterprise, bytes: 300 << 10) }
        var settings = RetentionSettings()
        settings.jobs.size = 1 << 20

        let gone = goes(kept(samples.shuffled()), settings, at: 11)

        #expect(gone.map(\.key) == samples[..<7].map(\.key))
        #expect(gone.allSatisfy { $0.what == .job })
    }

    @Test func `a tier's size is its own`() throws {
        let samples = try (0..<4).map { try Sample($0, .free, bytes: 1 << 20) }
        let paid = try (0..<4).map { try Sample($0, .pro, bytes: 1 << 20) }
        var settings = RetentionSettings()
        settings.tiers[.free] = RetentionSettings.Bounds()
        settings.tiers[.free]?.jobs.size = 2 << 20

        #expect(goes(kept(samples + paid), settings, at: 5).map(\.key) == samples[..<2].map(\.key))
    }

    @Test func `images go before their job, by age and by a tier's size, and once`() throws {
        let samples = try (0..<4).map { try Sample($0, imageBytes: 1 << 20) } + [Sample(0)]
        var settings = RetentionSettings()
        settings.images.age = .seconds(3 * 3600)
        settings.tiers[.free] = RetentionSettings.Bounds()
        settings.tiers[.free]?.images.size = 1 << 20

        let gone = goes(kept(samples), settings, at: 4)

        #expect(gone.map(\.key) == samples[..<3].map(\.key))
        #expect(gone.allSatisfy { $0.what == .images })
        #expect(goes(kept(samples), settings, at: 9 * 24).count { $0.what == .job } == 5)
    }

    @Test func `what was told twice counts once, and what is removed counts no more`() throws {
        let samples = try (0..<3000).map { try Sample($0, bytes: 10) }
        var kept = kept(samples + samples)
        #expect(kept.count == 3000)
        #expect(kept.bytes == 30_000)

        for sample in samples.dropFirst(10).shuffled() { kept.remove(sample.key, finished: sample.job.finished) }
        kept.remove(samples[0].key, finished: Self.start + .seconds(1))

        #expect(kept.count == 10)
        #expect(kept.bytes == kept.count * 10)
    }

    @Test func `a document of a job without caller or end is one of nobody known, from when it was created`() throws {
        let id = UUIDText.version7()
        let job = try #require(KeptJob(["created": .string(Self.start.iso8601), "finished": nil], id: id, bytes: 1))

        #expect(job.tier == .free)
        #expect(job.finished == Self.start)
        #expect(KeptJob([:], id: id, bytes: 1) == nil)
        #expect(KeptJob([:], id: id, bytes: 1, day: "2026-11-20")?.finished.iso8601 == "2026-11-20T00:00:00.000Z")
    }
}
