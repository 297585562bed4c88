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
    private var asked: ContinuousClock.Instant?
    private var asking: Task<Void, Never>?

    /// How long an answer is used.
    private static let age = Duration.seconds(5)

    init(functions: Functions, caller: FunctionCaller) {
        self.functions = functions
        self.caller = caller
    }

    func current() async -> [String: JSONObject] {
        if let asked, ContinuousClock.now - asked < Self.age { return known }
        if asking == nil {
            asking = Task { @LoopActor in
                // A stopped one is asked only when it has never told anything: a page that polls must not keep functions running.
                for function in functions.all
                where function.entry.job != nil && (function.isolates.isReady || known[function.name] == nil) {
                    known[function.name] = await caller.describe(function)
                }
                asked = .now
                asking = nil
            }
        }
        await asking?.value
        return known
    }

    /// Settings may have changed what a function tells.
    func forget() {
        asked = nil
        known = [:]
    }
}
