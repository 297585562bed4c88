// The block `host.retention` of functions.json: how long what has ended is kept, and how much of it.
package import Callers
internal import FileReading
internal import JSON

/// Ages and sizes of job files and of their images, for all together and for each tier.
package struct RetentionSettings: Sendable, Equatable {
    /// What one kind of file may take.
    package struct Bound: Sendable, Equatable {
        /// nil: not bounded by age, or in a tier's bound as for all.
        package var age: Duration?
        /// Bytes; nil: not bounded by size.
        package var size: Int?

        package init(age: Duration? = nil, size: Int? = nil) {
            self.age = age
            self.size = size
        }
    }

    /// Finished job files and the images that they name.
    package struct Bounds: Sendable, Equatable {
        package var jobs = Bound()
        package var images = Bound()

        package init() {}
    }

    /// `jobs`: default 7 days and 1 GB.
    package var jobs = Bound(age: standardAge, size: standardSize)
    /// `images`: default as long as a job file or the cache names them.
    package var images = Bound()
    /// `tiers`: a tier's ages take the place of those for all; its sizes hold beside them.
    package var tiers: [Tier: Bounds] = [:]

    package static let standardAge = Duration.seconds(7 * 86_400)
    package static let standardSize = 1 << 30

    package init() {}

    /// After how long a finished job of this tier goes.
    func jobAge(_ tier: Tier) -> Duration? { tiers[tier]?.jobs.age ?? jobs.age }
    /// After how long its images go; nil: with the job.
    func imageAge(_ tier: Tier) -> Duration? { tiers[tier]?.images.age ?? images.age }
}

extension RetentionSettings {
    private static let ages = Duration.seconds(60)...Duration.seconds(3650 * 86_400)
    private static let sizes = (1 << 20)...(1 << 50)

    init(from section: inout FileSection) {
        self.init()
        if var jobs = section.section("jobs") { self.jobs = Self.bound(self.jobs, from: &jobs) }
        if var images = section.section("images") { self.images = Self.bound(self.images, from: &images) }
        if var tiers = section.section("tiers") {
            for tier in Tier.allCases {
                guard var below = tiers.section(tier.rawValue) else { continue }
                var bounds = Bounds()
                if var jobs = below.section("jobs") { bounds.jobs = Self.bound(bounds.jobs, from: &jobs) }
                if var images = below.section("images") { bounds.images = Self.bound(bounds.images, from: &images) }
                below.refuseUnknownKeys(hints: [
                    "age": "write it in \"jobs\" or \"images\"", "size": "write it in \"jobs\" or \"images\"",
                ])
                self.tiers[tier] = bounds
            }
            tiers.refuseUnknownKeys()
        }
        section.refuseUnknownKeys(hints: ["cache": "its time is each function's cache.ttl, its size host.cache.size"])
    }

    /// null takes a bound away.
    private static func bound(_ standard: Bound, from section: inout FileSection) -> Bound {
        var bound = standard
        if section.object["age"]?.isNull ?? true {
            if section.value("age") != nil { bound.age = nil }
        } else {
            bound.age = section.duration("age", default: standard.age ?? standardAge, in: ages)
        }
        if section.object["size"]?.isNull ?? true {
            if section.value("size") != nil { bound.size = nil }
        } else {
            bound.size = section.size("size", default: standard.size ?? standardSize, in: sizes)
        }
        section.refuseUnknownKeys()
        return bound
    }
}
