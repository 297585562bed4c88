// `edge spend` and `edge usage`
internal import EdgeLoop
internal import EdgeRuntime

enum SpendTool {
    private static let usageForms = """
        edge usage [--by user|provider|day|function|tier|key] [--since 30d] [--json | --csv]
        What was spent, summed up by day or by what --by says; --since a day (2026-11-21), a time, or how long ago (3h).
        --state DIR   the host's state folder; .edge (EDGE_STATE)
        """
    private static let spendForms = """
        edge spend          what was spent today and this month, and what is left of the budgets
        edge spend stop     nothing that costs money begins any more
        edge spend resume   it does again; when the amount of the day was used, as much again is allowed today
        --state DIR         the host's state folder; .edge (EDGE_STATE)
        """

    static func spend(_ arguments: [String], _ environment: [String: String]) -> Never {
        let options = options(arguments, "edge spend", spendForms, names: ["state"])
        let action: SpendAction
        switch options.rest {
        case []: action = .show
        case ["stop"]: action = .stop
        case ["resume"]: action = .resume
        default: Terminal.fail(spendForms, status: 2)
        }
        run(options, environment) { await $0.spend(action) }
    }

    static func usage(_ arguments: [String], _ environment: [String: String]) -> Never {
        let options = options(
            arguments,
            "edge usage",
            usageForms,
            names: ["state", "by", "since"],
            flags: ["json", "csv"]
        )
        let (json, csv) = (options.last("json") != nil, options.last("csv") != nil)
        guard options.rest.isEmpty, !(json && csv) else { Terminal.fail(usageForms, status: 2) }
        let (by, since) = (options.last("by"), options.last("since"))
        run(options, environment) { await $0.usage(by: by, since: since, json ? .json : csv ? .csv : .table) }
    }

    private static func options(
        _ arguments: [String],
        _ command: String,
        _ forms: String,
        names: [String],
        flags: [String] = []
    ) -> LongOptions {
        let options: LongOptions
        do {
            options = try LongOptions(arguments, of: command, names: names, flags: flags + ["help"])
        } catch {
            Terminal.fail(forms, status: 2)  // getopt has said what is wrong
        }
        if options.last("help") != nil { Terminal.finish(output: forms + "\n", errors: "", status: 0) }
        return options
    }

    private static func run(
        _ options: LongOptions,
        _ environment: [String: String],
        _ body: @escaping @LoopActor @Sendable (OperatorCommand) async -> CommandOutcome
    ) -> Never {
        let state = options.last("state") ?? environment["EDGE_STATE"].flatMap { $0.isEmpty ? nil : $0 } ?? ".edge"
        LoopActor.main {
            let outcome = await body(OperatorCommand(state: state))
            Terminal.finish(output: outcome.output, errors: outcome.errors, status: outcome.status)
        }
    }
}
