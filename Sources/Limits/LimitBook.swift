// All counts of a host, and what they allow.
package import Callers
package import CivilTime
package import JSON

/// Counts images and requests by subject. Pure: time is an argument, and what it holds is written and read as JSON.
package struct LimitBook: Sendable {
    private var images: [Subject: ImageUse] = [:]
    private var minutes: [Subject: MinuteUse] = [:]
    private let subjectsMax: Int

    /// About 150 bytes each.
    package static let subjectsMax = 200_000

    package init(subjectsMax: Int = LimitBook.subjectsMax) { self.subjectsMax = subjectsMax }

    package var count: Int { images.count + minutes.count }

    // MARK: Requests

    /// Counts a request; one that is refused uses nothing up.
    package mutating func takeRequest(
        _ limits: [Limit],
        _ settings: LimitSettings,
        now: Timestamp
    ) throws(LimitRefusal) {
        let counted = limits.filter { $0.rules.perMinute > 0 }
        guard !counted.isEmpty else { return }
        let gauges = gauges(counted, settings, now: now)
        if let refusal = LimitRefusal(gauges, of: [.minute], zone: settings.zone.name) { throw refusal }
        for subject in Set(counted.map(\.subject)) { addRequest(subject, now) }
    }

    private mutating func addRequest(_ subject: Subject, _ now: Timestamp) {
        if let minute = minutes[subject], !minute.isOver(at: now) {
            minutes[subject]?.add()
        } else {
            if minutes.count >= subjectsMax { minutes = minutes.filter { !$0.value.isOver(at: now) } }
            // So many in one minute are no callers that a count could hold back; those that are counted stay so.
            guard minutes.count < subjectsMax else { return }
            minutes[subject] = MinuteUse(began: now, requests: 1)
        }
    }

    // MARK: Images

    /// Counts an image that is about to be made; one that is refused uses nothing up.
    /// - Parameter isFurther: whether it is a further image of a request whose first one has passed: no cooldown lies between them.
    /// - Returns: false when there is no room to count one more subject.
    package mutating func takeImage(
        by caller: Caller,
        function: String,
        _ settings: LimitSettings,
        now: Timestamp,
        isFurther: Bool = false
    ) throws(LimitRefusal) -> Bool {
        let gauges = gauges(settings.limits(of: caller, function: function), settings, now: now)
        let kinds: Set<LimitGauge.Kind> = isFurther ? [.day, .month] : [.cooldown, .day, .month]
        if let refusal = LimitRefusal(gauges, of: kinds, zone: settings.zone.name) {
            throw refusal
        }
        return countImage(by: caller, function: function, settings, at: now, now: now)
    }

    /// Counts one that a file tells of, whatever the rules say now.
    package mutating func countEarlier(
        by caller: Caller,
        function: String,
        _ settings: LimitSettings,
        at moment: Timestamp,
        now: Timestamp
    ) {
        _ = countImage(by: caller, function: function, settings, at: min(moment, now), now: now)
        guard now - moment < MinuteUse.length else { return }
        // Its request belongs to the current minute, of which only its file is left.
        for limit in settings.limits(of: caller, function: function) where limit.rules.perMinute > 0 {
            addRequest(limit.subject, now)
        }
    }

    private mutating func countImage(
        by caller: Caller,
        function: String,
        _ settings: LimitSettings,
        at moment: Timestamp,
        now: Timestamp
    ) -> Bool {
        let subjects = Subject.all(of: caller, function: function)
        if images.count + subjects.count > subjectsMax { tidy(settings, now: now) }
        guard images.count + subjects.count <= subjectsMax else { return false }
        for subject in subjects {
            if moment < now {
                images[subject, default: ImageUse()].addEarlier(at: moment, settings.zone)
            } else {
                images[subject, default: ImageUse()].add(at: moment, settings.zone)
            }
        }
        return true
    }

    /// Nothing came of an image that was counted at `moment`.
    package mutating func takeBackImage(
        by caller: Caller,
        function: String,
        _ settings: LimitSettings,
        at moment: Timestamp
    ) {
        for subject in Subject.all(of: caller, function: function) {
            images[subject]?.takeBack(at: moment, settings.zone)
        }
    }

    /// In whose place further images wait: after a month's images some tiers' go in the free tier's order.
    package func tier(of caller: Caller, function: String, _ settings: LimitSettings, now: Timestamp) -> Tier {
        let gauges = gauges(settings.limits(of: caller, function: function), settings, now: now)
        return gauges.contains(where: \.isSlow) ? .free : caller.tier
    }

    /// How a caller stands; nil when nothing limits it.
    package func fields(
        of caller: Caller,
        function: String,
        _ settings: LimitSettings,
        now: Timestamp
    ) -> RateLimitFields? {
        let fields = RateLimitFields(gauges(settings.limits(of: caller, function: function), settings, now: now))
        return fields.isEmpty ? nil : fields
    }

    private func gauges(_ limits: [Limit], _ settings: LimitSettings, now: Timestamp) -> [LimitGauge] {
        limits.flatMap { limit in
            LimitGauge.all(
                of: limit,
                images[limit.subject] ?? ImageUse(),
                minutes[limit.subject],
                settings.zone,
                now: now
            )
        }
    }

    // MARK: Bounds

    /// The longest cooldown that settings can name.
    package static let cooldownMax = Duration.seconds(86_400)

    /// Forgets whoever's counts cannot matter any more.
    package mutating func tidy(_ settings: LimitSettings, now: Timestamp) {
        let (day, month) = (settings.zone.day(of: now), settings.zone.month(of: now))
        images = images.filter { $0.value.matters(day: day, month: month, now: now, cooldownMax: Self.cooldownMax) }
        minutes = minutes.filter { !$0.value.isOver(at: now) }
    }

    // MARK: JSON

    package var json: JSONObject {
        var images: JSONObject = [:]
        for (subject, use) in self.images.sorted(by: { $0.key.text < $1.key.text }) {
            images[subject.text] = [
                .integer(Int64(use.day)), .integer(Int64(use.ofDay)), .integer(Int64(use.month)),
                .integer(Int64(use.ofMonth)), .string(use.last.iso8601),
            ]
        }
        var minutes: JSONObject = [:]
        for (subject, use) in self.minutes.sorted(by: { $0.key.text < $1.key.text }) {
            minutes[subject.text] = [.string(use.began.iso8601), .integer(Int64(use.requests))]
        }
        return ["images": .object(images), "minutes": .object(minutes)]
    }

    /// Takes over what ``json`` wrote. A day that lies ahead, as a wrong clock wrote it, counts as tomorrow.
    /// - Returns: false when it was something else; then nothing is taken over.
    package mutating func restore(_ json: JSONObject, zone: TimeZone, now: Timestamp) -> Bool {
        var images: [Subject: ImageUse] = [:]
        var minutes: [Subject: MinuteUse] = [:]
        guard let stored = json["images"]?.object, let windows = json["minutes"]?.object else { return false }
        let (tomorrow, nextMonth) = (zone.day(of: now) + 1, zone.month(of: now) + 1)
        for member in stored.members {
            guard let values = member.value.array, values.count == 5,
                let last = values[4].string.flatMap({ Timestamp(iso8601: $0) })
            else { return false }
            let numbers = values.prefix(4).compactMap { $0.integer.flatMap { Int(exactly: $0) } }
            guard numbers.count == 4 else { return false }
            images[Subject(text: member.key)] = ImageUse(
                day: min(numbers[0], tomorrow),
                ofDay: numbers[1],
                month: min(numbers[2], nextMonth),
                ofMonth: numbers[3],
                last: min(last, now)
            )
        }
        for member in windows.members {
            guard let values = member.value.array, values.count == 2,
                let began = values[0].string.flatMap({ Timestamp(iso8601: $0) }),
                let requests = values[1].integer.flatMap({ Int(exactly: $0) })
            else { return false }
            minutes[Subject(text: member.key)] = MinuteUse(began: began, requests: requests)
        }
        (self.images, self.minutes) = (images, minutes)
        return true
    }
}
