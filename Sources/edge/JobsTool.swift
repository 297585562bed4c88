// `edge jobs`
internal import EdgeLoop
internal import EdgeRuntime

enum JobsTool {
    private static let filters = ["state", "since", "before", "function", "user", "limit"]
    private static let forms = """
        edge jobs list [--state S] [--since T] [--before T] [--function F] [--user U] [--limit N] [--json]
        edge jobs show ID | logs ID | retry ID | cancel ID
        edge jobs purge [--before T] [--state S] [--function F] [--user U]
        S is queued, running, waiting, succeeded, failed, canceled or dead; T a day, a time, or how long ago (3h).
        U is a caller as the log names it (key:..., user:..., ip:...), or an end user that a key has named.
        --state-dir DIR names the host's state folder; .edge (EDGE_STATE)
        """

    static func run(_ arguments: [String], _ environment: [String: String]) -> Never {
        let options: LongOptions
        do {
            options = try LongOptions(
                arguments,
                of: "edge jobs",
                names: filters + ["state-dir"],
                flags: ["json", "help"]
            )
        } catch {
            Terminal.fail(forms, status: 2)  // getopt has said what is wrong
        }
        if options.last("help") != nil { Terminal.finish(output: forms + "\n", errors: "", status: 0) }
        guard let action = action(options) else { Terminal.fail(forms, status: 2) }
        let state = options.last("state-dir") ?? environment["EDGE_STATE"].flatMap { $0.isEmpty ? nil : $0 } ?? ".edge"
        LoopActor.main {
            let outcome = await OperatorCommand(state: state).jobs(action)
            Terminal.finish(output: outcome.output, errors: outcome.errors, status: outcome.status)
        }
    }

    /// nil for what is no form of the command.
    private static func action(_ options: LongOptions) -> JobsAction? {
        let given = options.values.filter { filters.contains($0.name) }
        let rest = options.rest
        switch (rest.first ?? "", rest.count) {
        case ("list", 1): return .list(filters: given, asJSON: options.last("json") != nil)
        case ("purge", 1):
            let names = given.map(\.name)
            return names.contains("limit") || names.contains("since") ? nil : .purge(filters: given)
        case ("show", 2) where given.isEmpty: return .show(rest[1])
        case ("logs", 2) where given.isEmpty: return .logs(rest[1])
        case ("retry", 2) where given.isEmpty: return .retry(rest[1])
        case ("cancel", 2) where given.isEmpty: return .cancel(rest[1])
        default: return nil
        }
    }
}
