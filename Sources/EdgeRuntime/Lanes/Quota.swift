// What a provider allows one key, and what of it is used.
internal import CivilTime
internal import JSON

/// A provider's limits. Absent means: none is known.
struct Quota: Equatable, Sendable {
    /// Between the starts of two calls. 1 ms to 1 day.
    var every: Duration?
    /// Calls in any hour. 1 to 100,000.
    var perHour: Int?
    /// Calls in any 24 hours. 1 to 100,000.
    var perDay: Int?
    /// Calls at once, tasks that the provider still works on included. 1 to 100,000.
    var atOnce: Int?

    static let countMax = 100_000

    init(every: Duration? = nil, perHour: Int? = nil, perDay: Int? = nil, atOnce: Int? = nil) {
        self.every = every
        self.perHour = perHour
        self.perDay = perDay
        self.atOnce = atOnce
    }

    init(_ json: JSONValue?) throws(Lane.Mistake) {
        guard let json, !json.isNull else { return }
        func count(_ key: String) throws(Lane.Mistake) -> Int? {
            guard let value = json[key], !value.isNull else { return nil }
            guard let count = value.integer, (1...Int64(Self.countMax)).contains(count) else {
                throw Lane.Mistake(reason: "a quota's \"\(key)\" is no whole number of 1 to \(Self.countMax)")
            }
            return Int(count)
        }
        if let value = json["every"], !value.isNull {
            guard let seconds = value.double, (0.001...86_400).contains(seconds) else {
                throw Lane.Mistake(reason: "a quota's \"every\" is no number of seconds from 0.001 to 86,400")
            }
            every = .milliseconds(Int64((seconds * 1000).rounded(.up)))
        }
        perHour = try count("hour")
        perDay = try count("day")
        atOnce = try count("atOnce")
    }

    /// nil when there is no limit.
    var json: JSONValue? {
        guard self != Quota() else { return nil }
        var object = JSONObject()
        if let every { object.append("every", .double(every.inSeconds)) }
        if let perHour { object.append("hour", .integer(Int64(perHour))) }
        if let perDay { object.append("day", .integer(Int64(perDay))) }
        if let atOnce { object.append("atOnce", .integer(Int64(atOnce))) }
        return .object(object)
    }
}

/// The use of one account's quota. Pure: time is an argument.
///
/// Windows slide: no hour and no 24 hours ever hold more calls than allowed, wherever the provider begins to count.
struct QuotaUse: Sendable {
    /// Starts of the last 24 hours in their order, the latest ``Quota/countMax`` of them.
    private var starts: [Timestamp] = []
    /// Calls under way, and tasks that the provider works on.
    private(set) var running = 0
    /// Until when the provider has told us to stay away.
    private(set) var blockedUntil: Timestamp?

    private var pruneAt = 128

    private static let hour = Duration.seconds(3600)
    private static let day = Duration.seconds(86_400)

    /// When the next call may start, as far as time decides; a moment that has passed means now.
    /// - Parameter ahead: how many other calls will start before it.
    func next(_ quota: Quota, now: Timestamp, ahead: Int = 0) -> Timestamp {
        var next = now
        if let blockedUntil { next = max(next, blockedUntil) }
        if let every = quota.every {
            let distance = every + Self.slack(every)
            if let last = starts.last { next = max(next, last + distance) }
            next = next + distance * ahead
        }
        if let count = quota.perHour { next = max(next, free(count, Self.hour, now, ahead)) }
        if let count = quota.perDay { next = max(next, free(count, Self.day, now, ahead)) }
        return next
    }

    /// Added to every distance: calls arrive some time after they left, one sooner than another, and it is arrivals that the
    /// provider counts.
    static func slack(_ distance: Duration) -> Duration { min(distance / 5, .milliseconds(100)) }

    /// When a window of `count` calls has room for one more, `ahead` others having gone before.
    private func free(_ count: Int, _ span: Duration, _ now: Timestamp, _ ahead: Int) -> Timestamp {
        let window = span + Self.slack(span)
        // Whole windows that only the others fill, then the place that the last of them leaves.
        let (rounds, rest) = ahead.quotientAndRemainder(dividingBy: count)
        let place = starts.count - count + rest
        let first = starts.indices.contains(place) ? starts[place] + window : now
        return max(first, now) + window * rounds
    }

    /// Whether one more call may run beside those under way.
    func hasSlot(_ quota: Quota) -> Bool { quota.atOnce.map { running < $0 } ?? true }

    /// When one of the calls at once is expected to end for one that has so many before it.
    /// - Parameter runs: how long a call takes.
    func placeFrees(after ahead: Int, atOnce: Int, runs: Duration, now: Timestamp) -> Timestamp {
        // Of tasks that an earlier host began nobody here knows when.
        let known = starts.suffix(running)
        guard !known.isEmpty else { return now + runs * (ahead / atOnce + 1) }
        let (rounds, place) = ahead.quotientAndRemainder(dividingBy: known.count)
        return max(known[known.startIndex + place] + runs, now) + runs * rounds
    }

    mutating func began(at moment: Timestamp) {
        running += 1
        add(moment)
    }

    /// A task that an earlier host began goes on.
    mutating func goesOn() { running += 1 }

    mutating func ended() { running = max(0, running - 1) }

    /// The last call that began left this machine only now: the next one keeps its distance from here.
    mutating func left(at moment: Timestamp) {
        guard let last = starts.last, last < moment else { return }
        starts[starts.count - 1] = moment
    }

    /// A start that the job files tell of.
    mutating func restore(_ moment: Timestamp) { add(moment) }

    mutating func block(until moment: Timestamp) { blockedUntil = max(blockedUntil ?? moment, moment) }

    /// Calls of the last hour and of the last 24 hours.
    func used(now: Timestamp) -> (hour: Int, day: Int) {
        (starts.count { $0 + Self.hour > now }, starts.count { $0 + Self.day > now })
    }

    /// Whether nothing here matters any more.
    func isIdle(now: Timestamp) -> Bool {
        running == 0 && (blockedUntil ?? now) <= now && starts.allSatisfy { $0 + Self.day <= now }
    }

    private mutating func add(_ moment: Timestamp) {
        if let last = starts.last, moment < last {
            starts.insert(moment, at: starts.firstIndex { $0 > moment } ?? starts.count)
        } else {
            starts.append(moment)
        }
        // Seldom, and many at once: each call costs a step on average.
        guard starts.count >= pruneAt, let latest = starts.last else { return }
        starts.removeAll { $0 + Self.day <= latest }
        if starts.count > Quota.countMax { starts.removeFirst(starts.count - Quota.countMax) }
        pruneAt = 2 * starts.count + 128
    }
}
