// What a scripted Civitai does with one workflow: how the call for it ends, what becomes of it, and how its bytes come.

/// The story of one workflow. ``CivitaiScript`` asks for one whenever a workflow with a new `externalId` is submitted.
///
///     .normal                                      made at the first question
///     .normal.states(["preparing", "processing"])  these first
///     .normal.states(["preparing"]).until(gate)    this until the gate opens
///     .refused(.json(403, "\"not enough buzz\""))  exactly this; Civitai has no workflow
///     .taken(.reset) / .taken(page)                Civitai has the workflow, and answers exactly this
///     .lostBefore / .lostAfter                     the connection breaks before / after it was taken
///     .cutAfter(120) / .silentAfter                taken; half an answer / none at all
///     .held(gate)                                  taken; answered when the gate opens
///     .ends("failed", reason: "timeout")           ends without an image
///     .blocked("csam") / .mature                   made, and held back / rated
///     .never                                       never ends
///     .normal.questions([nil, .reset])             exact answers to the first questions about it; nil: as usual
///     .normal.fetches([page])                      the same for its bytes
///     .expiring                                    its address runs out until its blob is refreshed
public struct CivitaiPlay: Sendable {
    public enum Arrival: Sendable {
        case answered
        /// Answered as finished at once, with 200.
        case finished
        /// Exactly this answer; Civitai has no workflow.
        case refused(ScriptedAnswer)
        /// Exactly this answer; Civitai has the workflow.
        case taken(ScriptedAnswer)
        /// Civitai has the workflow; so many bytes of its answer come.
        case cut(Int, reset: Bool)
        /// As usual, when the gate opens. Civitai has the workflow at once.
        case held(Gate)
        case slow(Duration)
    }

    public enum Fate: Sendable {
        case made
        /// Made, and not shown.
        case blocked(String)
        /// Made, and rated as this.
        case rated(String)
        case never
        case ends(String, reason: String?)
    }

    public var arrival = Arrival.answered
    public var fate = Fate.made
    /// What the first questions are told of it.
    public var statuses: [String] = []
    /// The last of these is told until it opens; nil: once.
    public var ready: Gate?
    public var isExpiring = false
    /// Whether the image is under `blobs` in place of `images`.
    public var isUnderBlobs = false
    public var questionAnswers: [ScriptedAnswer?] = []
    public var fetchAnswers: [ScriptedAnswer?] = []

    public init(_ arrival: Arrival = .answered, fate: Fate = .made) {
        self.arrival = arrival
        self.fate = fate
    }

    public static let normal = CivitaiPlay()
    public static let finished = CivitaiPlay(.finished)
    public static let never = CivitaiPlay(fate: .never)
    public static let mature = CivitaiPlay(fate: .rated("x"))
    public static let lostBefore = CivitaiPlay(.refused(.reset))
    public static let lostAfter = CivitaiPlay(.taken(.reset))
    public static let silentAfter = CivitaiPlay(.taken(.silence))
    public static var expiring: CivitaiPlay {
        var play = CivitaiPlay()
        play.isExpiring = true
        return play
    }

    public static func refused(_ answer: ScriptedAnswer) -> CivitaiPlay { CivitaiPlay(.refused(answer)) }
    public static func taken(_ answer: ScriptedAnswer) -> CivitaiPlay { CivitaiPlay(.taken(answer)) }
    public static func held(_ gate: Gate) -> CivitaiPlay { CivitaiPlay(.held(gate)) }
    public static func slow(_ time: Duration) -> CivitaiPlay { CivitaiPlay(.slow(time)) }
    public static func blocked(_ reason: String) -> CivitaiPlay { CivitaiPlay(fate: .blocked(reason)) }

    public static func cutAfter(_ count: Int, reset: Bool = false) -> CivitaiPlay {
        CivitaiPlay(.cut(count, reset: reset))
    }

    public static func ends(_ status: String, reason: String? = nil) -> CivitaiPlay {
        CivitaiPlay(fate: .ends(status, reason: reason))
    }

    public func states(_ statuses: [String]) -> CivitaiPlay {
        var play = self
        play.statuses = statuses
        return play
    }

    /// Tells the last of its states for as long as the gate is closed.
    public func until(_ gate: Gate) -> CivitaiPlay {
        var play = self
        play.ready = gate
        return play
    }

    public func questions(_ answers: [ScriptedAnswer?]) -> CivitaiPlay {
        var play = self
        play.questionAnswers = answers
        return play
    }

    public func fetches(_ answers: [ScriptedAnswer?]) -> CivitaiPlay {
        var play = self
        play.fetchAnswers = answers
        return play
    }

    public func underBlobs() -> CivitaiPlay {
        var play = self
        play.isUnderBlobs = true
        return play
    }
}
