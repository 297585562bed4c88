// What one subject has had made.
package import CivilTime

/// Images of the latest day and the latest month in which there were any, and when the last one was. A clock that is set back gives nothing
/// back: days and months only go forward.
package struct ImageUse: Sendable, Equatable {
    package private(set) var day = Int.min
    package private(set) var ofDay = 0
    package private(set) var month = Int.min
    package private(set) var ofMonth = 0
    package private(set) var last = Timestamp(milliseconds: 0)
    /// What ``last`` was before the last image, should nothing come of that.
    private var before = Timestamp(milliseconds: 0)

    package init() {}

    package init(day: Int, ofDay: Int, month: Int, ofMonth: Int, last: Timestamp) {
        (self.day, self.ofDay, self.month, self.ofMonth, self.last) = (day, ofDay, month, ofMonth, last)
    }

    func images(onDay day: Int) -> Int { self.day >= day ? ofDay : 0 }
    func images(inMonth month: Int) -> Int { self.month >= month ? ofMonth : 0 }

    /// How long the next image has to wait; never longer than the cooldown, whatever the clock did.
    func wait(_ cooldown: Duration, now: Timestamp) -> Duration {
        guard cooldown > .zero, last.milliseconds > 0 else { return .zero }
        return max(cooldown - max(now - last, .zero), .zero)
    }

    mutating func add(at moment: Timestamp, _ zone: TimeZone) {
        let (today, month) = (zone.day(of: moment), zone.month(of: moment))
        if today > day { (day, ofDay) = (today, 0) }
        ofDay += 1
        if month > self.month { (self.month, ofMonth) = (month, 0) }
        ofMonth += 1
        before = last
        last = max(last, moment)
    }

    /// Counts one of earlier, that a file tells of: of a day or a month that is over it counts nothing.
    mutating func addEarlier(at moment: Timestamp, _ zone: TimeZone) {
        let (then, month) = (zone.day(of: moment), zone.month(of: moment))
        let (day, ofDay, thisMonth, ofMonth) = (self.day, self.ofDay, self.month, self.ofMonth)
        add(at: moment, zone)
        if then < day { self.ofDay = ofDay }
        if month < thisMonth { self.ofMonth = ofMonth }
    }

    /// Nothing came of an image. One of a day or a month that is over gives the current one nothing.
    mutating func takeBack(at moment: Timestamp, _ zone: TimeZone) {
        if ofDay > 0, zone.day(of: moment) >= day { ofDay -= 1 }
        if ofMonth > 0, zone.month(of: moment) >= month { ofMonth -= 1 }
        if last == moment { last = before }
    }

    /// Whether it says anything that can still matter.
    func matters(day: Int, month: Int, now: Timestamp, cooldownMax: Duration) -> Bool {
        images(onDay: day) > 0 || images(inMonth: month) > 0 || now - last < cooldownMax
    }
}

/// The requests of one subject's current minute, which begins with the first of them.
package struct MinuteUse: Sendable, Equatable {
    package private(set) var began: Timestamp
    package private(set) var requests: Int

    static let length = Duration.seconds(60)

    package init(began: Timestamp, requests: Int) { (self.began, self.requests) = (began, requests) }

    /// A clock that is set back begins no minute before its time.
    func isOver(at now: Timestamp) -> Bool { now - began >= Self.length || began - now >= Self.length }

    func left(at now: Timestamp) -> Duration { min(max(Self.length - (now - began), .zero), Self.length) }

    mutating func add() { requests += 1 }
}
