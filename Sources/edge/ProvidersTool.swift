// `edge providers` and `edge providers check NAME`
internal import EdgeLoop
internal import EdgeRuntime

enum ProvidersTool {
    static func run(_ arguments: [String], _ environment: [String: String]) -> Never {
        let options: LongOptions
        do {
            options = try LongOptions(arguments, of: "edge providers", names: ["state"], flags: ["help"])
        } catch {
            Terminal.fail("see edge help", status: 2)  // getopt has said what is wrong
        }
        if options.last("help") != nil { Terminal.finish(output: Usage.text, errors: "", status: 0) }
        let state = options.last("state") ?? environment["EDGE_STATE"].flatMap { $0.isEmpty ? nil : $0 } ?? ".edge"
        let rest = options.rest
        guard rest.isEmpty || rest.count == 2 && rest[0] == "check" else {
            Terminal.fail("edge providers: write `edge providers` or `edge providers check NAME`", status: 2)
        }
        LoopActor.main {
            let command = OperatorCommand(state: state)
            let outcome = rest.isEmpty ? await command.providers() : await command.check(rest[1])
            Terminal.finish(output: outcome.output, errors: outcome.errors, status: outcome.status)
        }
    }
}
