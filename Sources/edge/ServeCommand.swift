// `edge serve`
internal import EdgeLoop
internal import EdgeRuntime

enum ServeCommand {
    private static let options = ["host", "port", "functions", "env-file", "state", "public-url", "log"]

    static func run(_ arguments: [String], _ environment: [String: String]) -> Never {
        let options: ServeOptions
        do {
            let parsed = try LongOptions(arguments, of: "edge serve", names: Self.options, flags: ["help"])
            if parsed.last("help") != nil {
                Terminal.finish(output: Usage.text, errors: "", status: 0)
            }
            guard parsed.rest.isEmpty else {
                Terminal.fail("edge serve: \"\(parsed.rest[0])\" is no option; see edge help", status: 2)
            }
            options = try ServeOptions(flags: parsed.values) { environment[$0] }
        } catch let mistake as ServeOptions.Mistake {
            Terminal.fail("edge serve: \(mistake)", status: 2)
        } catch {
            Terminal.fail("see edge help", status: 2)  // getopt has said what is wrong
        }
        LoopActor.main { await Host.serve(options, environment: environment) }
    }
}
