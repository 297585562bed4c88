// How often a function ran today, for its daily cap.
internal import CivilTime

/// Counts one function's runs of the current UTC day against `job.perDay`. Rebuilt from the job files at start.
struct DayCount: Sendable {
    private var day = ""
    private var runs = 0

    /// Runs on the day of `now`.
    func count(now: Timestamp) -> Int { now.day == day ? runs : 0 }

    mutating func add(at moment: Timestamp) {
        if moment.day > day {
            day = moment.day
            runs = 0
        }
        if moment.day == day { runs += 1 }
    }

    /// Takes back one ``add(at:)``: nothing came of that run.
    mutating func takeBack(at moment: Timestamp) {
        if moment.day == day, runs > 0 { runs -= 1 }
    }

    /// Whether one more may begin. `perDay` 0: no cap.
    func allows(now: Timestamp, perDay: Int) -> Bool { perDay == 0 || count(now: now) < perDay }

    /// Whole seconds to the next UTC day, when the count begins anew.
    static func secondsToNextDay(_ now: Timestamp) -> Int {
        let day: Int64 = 86_400_000
        return Int((day - now.milliseconds % day + 999) / 1000)
    }
}
