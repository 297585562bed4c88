// `edge run`
internal import EdgeLoop
internal import EdgeRuntime
internal import Glibc

enum RunTool {
    private static let forms = """
        edge run FILE --out DIR [--function F] [--parallel N]
        FILE has one JSON request a line; images and results.jsonl go to DIR; run again, it goes on where it stopped.
        --function F      generate
        --parallel N      lines at once, 1 to \(BatchOptions.parallelMax); 4
        --state DIR       of the running host that makes them; .edge (EDGE_STATE)
        --url U           another host instead: http://host:port
        """

    static func run(_ arguments: [String], _ environment: [String: String]) -> Never {
        let names = ["out", "function", "parallel", "state", "url"]
        let options: LongOptions
        do {
            options = try LongOptions(arguments, of: "edge run", names: names, flags: ["help"])
        } catch {
            Terminal.fail(forms, status: 2)  // getopt has said what is wrong
        }
        if options.last("help") != nil { Terminal.finish(output: forms + "\n", errors: "", status: 0) }
        guard options.rest.count == 1, let folder = options.last("out") else { Terminal.fail(forms, status: 2) }
        var batch = BatchOptions(file: options.rest[0], folder: folder)
        if let function = options.last("function") { batch.function = function }
        if let text = options.last("parallel") {
            guard let number = Int(text), (1...BatchOptions.parallelMax).contains(number) else {
                Terminal.fail(
                    "edge run: --parallel is \"\(text)\"; use a number from 1 to \(BatchOptions.parallelMax)",
                    status: 2
                )
            }
            batch.parallel = number
        }
        batch.url = options.last("url")
        batch.state = options.last("state") ?? environment["EDGE_STATE"].flatMap { $0.isEmpty ? nil : $0 } ?? ".edge"
        batch.isTerminal = isatty(STDOUT_FILENO) == 1
        let given = batch
        LoopActor.main {
            let outcome = await BatchRun(given) { Terminal.write($0) }.run()
            Terminal.finish(output: outcome.output, errors: outcome.errors, status: outcome.status)
        }
    }
}
