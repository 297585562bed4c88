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
        --state DIR       of the running host that makes them; .edge (EDGE_STATE). Where none runs, one is started for the batch
        --url U           another host instead: http://host:port
        --functions F     the manifest of a host that is started, as of edge serve
        --env-file F      settings of a host that is started, again for more files
        --key-file F      a file whose first line is the API key to send (or EDGE_API_KEY)
        It ends with 0 when all lines are made, with 1 when one has failed or it could not go on, with 2 for a mistake in FILE or
        in the command, and with 130 or 143 after Ctrl-C or SIGTERM.
        """

    static func run(_ arguments: [String], _ environment: [String: String]) -> Never {
        let names = [
            "out", "function", "parallel", "state", "url", "functions", "env-file", "key-file",
        ]
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
        batch.functions = options.last("functions")
        batch.envFiles = options.all("env-file")
        batch.environment = environment
        for name in ["functions", "env-file"] where batch.url != nil && options.last(name) != nil {
            Terminal.fail(
                "edge run: --\(name) is for a host that edge run starts; --url names one that runs",
                status: 2
            )
        }
        do {
            batch.key = try BatchOptions.readKey(file: options.last("key-file"), environment: environment)
        } catch {
            Terminal.fail("edge run: \(error)", status: 2)
        }
        let given = batch
        LoopActor.main {
            let run = BatchRun(given, say: { Terminal.write($0) }, warn: { Terminal.warn($0) })
            let outcome = await run.run()
            Terminal.finish(output: outcome.output, errors: outcome.errors, status: outcome.status)
        }
    }
}
