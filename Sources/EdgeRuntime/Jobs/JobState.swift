// The states of a job, as clients and job files name them.

/// Where a job is in its life. The last three are final.
enum JobState: String, Sendable {
    /// Accepted; no free slot yet.
    case queued
    /// An attempt is under way.
    case running
    /// Told to come back later, or in the pause before the next attempt.
    case waiting
    case succeeded
    case failed
    case canceled

    var isFinal: Bool {
        switch self {
        case .queued, .running, .waiting: false
        case .succeeded, .failed, .canceled: true
        }
    }
}
