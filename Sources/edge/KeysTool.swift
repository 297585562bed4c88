// `edge keys create | list | revoke | rotate`
internal import EdgeLoop
internal import EdgeRuntime

enum KeysTool {
    static func run(_ arguments: [String], _ environment: [String: String]) -> Never {
        let options: LongOptions
        do {
            options = try LongOptions(
                arguments,
                of: "edge keys",
                names: ["state", "name", "tier", "role", "grace", "budget"],
                flags: ["help", "on-behalf", "no-nsfw", "json"]
            )
        } catch {
            Terminal.fail("see edge help", status: 2)  // getopt has said what is wrong
        }
        if options.last("help") != nil { Terminal.finish(output: Usage.text, errors: "", status: 0) }
        let state = options.last("state") ?? environment["EDGE_STATE"].flatMap { $0.isEmpty ? nil : $0 } ?? ".edge"
        let command = KeysCommand(state: state)
        let rest = options.rest
        let outcome: CommandOutcome
        switch (rest.first, rest.count) {
        case ("create", 1):
            outcome = command.create(
                name: options.last("name"),
                tier: options.last("tier"),
                role: options.last("role"),
                actsForOthers: options.last("on-behalf") != nil,
                allowsNSFW: options.last("no-nsfw") == nil,
                budget: options.last("budget")
            )
        case ("list", 1): outcome = command.list(asJSON: options.last("json") != nil)
        case ("revoke", 2): outcome = command.revoke(rest[1])
        case ("rotate", 2):
            outcome = command.rotate(rest[1], grace: options.last("grace") ?? KeysCommand.graceStandard)
        default:
            Terminal.fail(
                "edge keys: write `edge keys create --name N --tier T [--on-behalf] [--no-nsfw] [--budget \"$5/month\"]`, `edge keys list`, "
                    + "`edge keys revoke N` or `edge keys rotate N [--grace 24h]`",
                status: 2
            )
        }
        Terminal.finish(output: outcome.output, errors: outcome.errors, status: outcome.status)
    }
}
