// `edge secrets`
internal import EdgeRuntime
internal import Secrets

enum SecretsTool {
    static func run(_ arguments: [String], _ environment: [String: String]) -> Never {
        let state = environment["EDGE_STATE"].flatMap { $0.isEmpty ? nil : $0 } ?? ".edge"
        let outcome = SecretsCommand(stateDirectory: state, environment: environment, confirm: nil).run(arguments)
        Terminal.finish(output: outcome.output, errors: outcome.errors, status: outcome.exitCode)
    }
}
