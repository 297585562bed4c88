// When work is expected to begin, as far as anybody can know.
internal import CivilTime

/// An honest guess: from what runs have taken lately, how many go before, and what holds lanes back.
enum StartEstimate: Equatable, Sendable {
    case at(Timestamp)
    /// Nothing has run yet that would tell.
    case unknown

    /// What a lane says; nil: it is free.
    init(_ block: LaneBlock?, now: Timestamp) {
        guard let block else {
            self = .at(now)
            return
        }
        self = block.expected.map { .at(max($0, now)) } ?? .unknown
    }

    /// When a place is free for one that has so many before it.
    /// - Parameters:
    ///   - began: when the runs began that have places now, in their order.
    ///   - median: how long places were taken lately; nil: nobody knows.
    static func place(
        after before: Int,
        began: some Collection<Timestamp>,
        median: Duration?,
        places: Int,
        now: Timestamp
    ) -> StartEstimate {
        let taken = min(began.count, places)
        guard taken > 0 else { return .at(now) }
        guard let median else { return .unknown }
        let (rounds, place) = before.quotientAndRemainder(dividingBy: taken)
        // A run that takes longer than most is expected to end any moment.
        let first = max(began[began.index(began.startIndex, offsetBy: place)] + median, now)
        return .at(first + median * rounds)
    }

    func later(_ other: StartEstimate) -> StartEstimate {
        guard case .at(let moment) = self, case .at(let otherMoment) = other else { return .unknown }
        return .at(max(moment, otherMoment))
    }

    var moment: Timestamp? { if case .at(let moment) = self { moment } else { nil } }
}

/// Where a job is in its queue, as its document tells.
struct JobPlace: Equatable, Sendable {
    var position: Int?
    /// In whole seconds: nobody knows better.
    var estimatedStart: Timestamp?

    static let none = JobPlace()

    init(position: Int? = nil, estimatedStart: Timestamp? = nil) {
        self.position = position
        self.estimatedStart = estimatedStart.map { Timestamp(milliseconds: ($0.milliseconds + 999) / 1000 * 1000) }
    }
}
