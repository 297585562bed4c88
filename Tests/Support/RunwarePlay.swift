// What a scripted Runware does with one task: how the call for it ends, what becomes of it, and how its bytes come.

/// The story of one task. ``RunwareScript`` asks for one whenever a task with a new id is sent.
///
///     .normal                                    made at once
///     .normal.polls(3)                           "processing" three times (33, 66, 100 percent), then made
///     .normal.until(gate)                        "processing" until the gate opens
///     .refused("invalidWidth")                   any error code, before anything is begun
///     .lostBefore / .lostAfter                   the connection breaks before / after the task was taken
///     .cutAfter(20) / .silentAfter               taken; half an answer / none at all
///     .taken(RunwareScript.page(502))            taken, and then exactly this answer
///     .fails("inferenceError", inside: true)     taken, and it fails, in the one or the other of the two ways
///     .never / .unsafe / .mixed                  never ends / NSFWContent is true / errors of another task come with it
///     .normal.questions([nil, .reset])           exact answers to the first questions about it; nil: as usual
///     .normal.fetches([RunwareScript.page(404)]) the same for its bytes
public struct RunwarePlay: Sendable {
    public enum Arrival: Sendable {
        case answered
        /// Exactly this answer; Runware has no task.
        case refused(ScriptedAnswer)
        /// Exactly this answer; Runware has the task.
        case taken(ScriptedAnswer)
        case refusedBy(code: String, status: Int, more: String)
        /// Runware has the task; so many bytes of its answer come.
        case cut(Int, reset: Bool)
        /// As usual, when the gate opens. Runware has the task at once.
        case held(Gate)
        case slow(Duration)
    }

    public enum Fate: Sendable {
        case made
        /// Made, and found unsafe where a check was asked for.
        case unsafe
        case never
        case fails(code: String, inside: Bool)
    }

    public var arrival = Arrival.answered
    public var fate = Fate.made
    /// How many questions are answered with "processing".
    public var pollCount = 0
    /// Every question is answered so until it opens; nil: at once.
    public var ready: Gate?
    public var isMixed = false
    public var questionAnswers: [ScriptedAnswer?] = []
    public var fetchAnswers: [ScriptedAnswer?] = []

    public init(_ arrival: Arrival = .answered, fate: Fate = .made) {
        self.arrival = arrival
        self.fate = fate
    }

    public static let normal = RunwarePlay()
    public static let never = RunwarePlay(fate: .never)
    public static let unsafe = RunwarePlay(fate: .unsafe)
    public static let lostBefore = RunwarePlay(.refused(.reset))
    public static let lostAfter = RunwarePlay(.taken(.reset))
    public static let silentAfter = RunwarePlay(.taken(.silence))
    public static var mixed: RunwarePlay {
        var play = RunwarePlay()
        play.isMixed = true
        return play
    }

    public static func cutAfter(_ count: Int, reset: Bool = false) -> RunwarePlay {
        RunwarePlay(.cut(count, reset: reset))
    }

    public static func taken(_ answer: ScriptedAnswer) -> RunwarePlay { RunwarePlay(.taken(answer)) }
    public static func held(_ gate: Gate) -> RunwarePlay { RunwarePlay(.held(gate)) }
    public static func slow(_ time: Duration) -> RunwarePlay { RunwarePlay(.slow(time)) }

    /// - Parameter more: further members of the error, such as `"parameter":"width","min":128`.
    public static func refused(_ code: String, status: Int = 400, more: String = "") -> RunwarePlay {
        RunwarePlay(.refusedBy(code: code, status: status, more: more))
    }

    public static func fails(_ code: String, inside: Bool) -> RunwarePlay {
        RunwarePlay(fate: .fails(code: code, inside: inside))
    }

    public func polls(_ count: Int) -> RunwarePlay {
        var play = self
        play.pollCount = count
        return play
    }

    /// At work for as long as the gate is closed.
    public func until(_ gate: Gate) -> RunwarePlay {
        var play = self
        play.ready = gate
        return play
    }

    public func questions(_ answers: [ScriptedAnswer?]) -> RunwarePlay {
        var play = self
        play.questionAnswers = answers
        return play
    }

    public func fetches(_ answers: [ScriptedAnswer?]) -> RunwarePlay {
        var play = self
        play.fetchAnswers = answers
        return play
    }
}
