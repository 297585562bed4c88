// Which finished job goes next, by age and by size: 64 bytes a job.
internal import Callers
internal import CivilTime
internal import JSON

/// What retention must know of a finished job.
struct KeptJob: Sendable, Equatable {
    let key: JobKey
    let finished: Timestamp
    let tier: Tier
    /// Of its file.
    let bytes: Int
    /// Of the images that it names, its inputs included; an image that two jobs name counts for each.
    let imageBytes: Int

    /// - Parameter day: the folder it is in, for a document that tells no time of its own.
    /// - Returns: nil when nothing tells a time.
    init?(_ document: JSONObject, id: String, bytes: Int, day: String? = nil) {
        let told = document["finished"]?.string ?? document["created"]?.string ?? day.map { "\($0)T00:00:00.000Z" }
        guard let key = JobKey(id), let finished = told.flatMap({ Timestamp(iso8601: $0) }) else { return nil }
        self.key = key
        self.finished = finished
        self.bytes = bytes
        tier = document["caller"].flatMap { Caller($0) }?.tier ?? .free
        imageBytes = JobDocument.pictures(in: document).reduce(0) { $0 + $1.bytes }
    }
}

/// All finished jobs, by tier and by the time at which they ended. Has no clock and touches no file.
struct KeptJobs: Sendable {
    /// What is to be done to one job.
    struct Removal: Sendable, Equatable {
        enum What: Sendable, Equatable {
            /// Its file goes, and its images as far as nothing else names them.
            case job
            /// Its file stays and lets go of its images.
            case images
        }

        let what: What
        let key: JobKey
        let finished: Timestamp
    }

    private var files: [Tier: KeptQueue] = [:]
    private var images: [Tier: KeptQueue] = [:]

    var count: Int { files.values.reduce(0) { $0 + $1.count } }
    var bytes: Int { files.values.reduce(0) { $0 + $1.bytes } }

    mutating func insert(_ job: KeptJob) {
        files[job.tier, default: KeptQueue()].insert(
            KeptQueue.Entry(key: job.key, finished: job.finished, bytes: job.bytes)
        )
        guard job.imageBytes > 0 else { return }
        images[job.tier, default: KeptQueue()].insert(
            KeptQueue.Entry(key: job.key, finished: job.finished, bytes: job.imageBytes)
        )
    }

    mutating func remove(_ key: JobKey, finished: Timestamp) {
        for tier in Tier.allCases {
            files[tier]?.remove(key, finished: finished)
            images[tier]?.remove(key, finished: finished)
        }
    }

    /// Says that the job names no images any more.
    mutating func removeImages(_ key: JobKey, finished: Timestamp) {
        for tier in Tier.allCases { images[tier]?.remove(key, finished: finished) }
    }

    /// The job that ended first of those that name images.
    var oldestWithImages: Removal? { Self.oldest(of: images).map { Self.removal(.images, $0) } }

    /// What goes next by age, then by the sizes of tiers, then by the size of all job files; nil: nothing.
    func next(_ settings: RetentionSettings, now: Timestamp) -> Removal? {
        for tier in Tier.allCases {
            if let oldest = files[tier]?.oldest, let age = settings.jobAge(tier), oldest.finished + age <= now {
                return Self.removal(.job, oldest)
            }
            if let oldest = images[tier]?.oldest, let age = settings.imageAge(tier), oldest.finished + age <= now {
                return Self.removal(.images, oldest)
            }
        }
        for (tier, bounds) in settings.tiers {
            if let size = bounds.jobs.size, let queue = files[tier], queue.bytes > size, let oldest = queue.oldest {
                return Self.removal(.job, oldest)
            }
            if let size = bounds.images.size, let queue = images[tier], queue.bytes > size, let oldest = queue.oldest {
                return Self.removal(.images, oldest)
            }
        }
        if let size = settings.jobs.size, bytes > size { return Self.oldest(of: files).map { Self.removal(.job, $0) } }
        return nil
    }

    private static func oldest(of queues: [Tier: KeptQueue]) -> KeptQueue.Entry? {
        queues.values.compactMap(\.oldest).min { ($0.finished, $0.key) < ($1.finished, $1.key) }
    }

    private static func removal(_ what: Removal.What, _ entry: KeptQueue.Entry) -> Removal {
        Removal(what: what, key: entry.key, finished: entry.finished)
    }
}
