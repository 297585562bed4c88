// How often one caller may have tokens checked: each check is a call to a provider.
internal import CivilTime

/// The latest checks of each caller. Pure.
struct CheckRate {
    /// Of one caller.
    static let anHour = 20
    /// Callers that are remembered; further ones wait until the oldest are forgotten.
    static let callersMax = 10_000
    private static let hour = Duration.seconds(3600)

    private var times: [String: [Timestamp]] = [:]

    /// Counts a check.
    /// - Returns: whole seconds to wait when it must not be made; nil: it may.
    mutating func take(_ owner: String, now: Timestamp) -> Int? {
        if times.count >= Self.callersMax, times[owner] == nil {
            times = times.filter { $0.value.contains { now - $0 < Self.hour } }
            if times.count >= Self.callersMax { return 60 }
        }
        var mine = (times[owner] ?? []).filter { now - $0 < Self.hour }
        guard mine.count < Self.anHour else {
            return max(1, Int((mine[0] + Self.hour - now).inSeconds.rounded(.up)))
        }
        mine.append(now)
        times[owner] = mine
        return nil
    }
}
