// What job functions tell of themselves, asked for at most every few seconds.
internal import EdgeLoop
internal import JSON

/// Asks each job function `/_edge/describe` and remembers the answer for a while, so that a page that shows how the service is
/// costs no function call each time.
@LoopActor
final class FunctionDetails {
    private let functions: Functions
    private let caller: FunctionCaller
    private var known: [String: JSONObject] = [:]
    private var askedAlone: [String: (told: JSONObject?, at: ContinuousClock.Instant)] = [:]
    private var asked: ContinuousClock.Instant?
    private var asking: Task<Void, Never>?

    /// How long an answer is used.
    private static let age = Duration.seconds(5)
    /// How long an answer of one function is used by callers that need only that.
    private static let ageAlone = Duration.seconds(30)

    init(functions: Functions, caller: FunctionCaller) {
        self.functions = functions
        self.caller = caller
    }

    func current() async -> [String: JSONObject] {
        if let asked, ContinuousClock.now - asked < Self.age { return known }
        if asking == nil {
            asking = Task { @LoopActor in
                // A stopped one is asked only when it has never told anything: a page that polls must not keep functions running.
                let wanted = functions.all.filter {
                    $0.entry.job != nil && $0.entry.isPublic && ($0.isolates.isReady || known[$0.name] == nil)
                }
                // All at once: one that starts slowly must not hold the others up.
                let tasks = wanted.map { function in
                    Task { @LoopActor in known[function.name] = await caller.describe(function) }
                }
                for task in tasks { await task.value }
                asked = .now
                asking = nil
            }
        }
        await asking?.value
        return known
    }

    /// What one function tells, whatever state the others are in. Nil: it tells nothing.
    func current(of function: LiveFunction) async -> JSONObject? {
        if let known = askedAlone[function.name] {
            // A stopped one that has told something is not started to tell it again.
            let isKept = known.told != nil && !function.isolates.isReady
            if isKept || ContinuousClock.now - known.at < Self.ageAlone { return known.told }
        }
        let told = await caller.describe(function)
        askedAlone[function.name] = (told, .now)
        return told
    }

    /// Settings may have changed what a function tells.
    func forget() {
        asked = nil
        known = [:]
        askedAlone = [:]
    }
}
