// The command `edge`: hands its arguments to one of its commands.
internal import EdgeLoop
internal import Secrets

// First: later changes of the environment by libraries must not show, and no thread runs yet.
let environment = ProcessEnvironment.atStart()
let arguments = Array(CommandLine.arguments.dropFirst())

switch arguments.first {
case "serve":
    ServeCommand.run(Array(arguments.dropFirst()), environment)
case "secrets":
    SecretsTool.run(Array(arguments.dropFirst()), environment)
case "keys":
    KeysTool.run(Array(arguments.dropFirst()), environment)
case "providers":
    ProvidersTool.run(Array(arguments.dropFirst()), environment)
case "spend":
    SpendTool.spend(Array(arguments.dropFirst()), environment)
case "usage":
    SpendTool.usage(Array(arguments.dropFirst()), environment)
case "jobs":
    JobsTool.run(Array(arguments.dropFirst()), environment)
case "run":
    RunTool.run(Array(arguments.dropFirst()), environment)
case "--version", "version":
    Terminal.say("edge \(Usage.version)")
case nil:
    Terminal.fail(Usage.text, status: 2)
case "--help", "help", "-h":
    Terminal.say(Usage.text)
case .some(let other):
    Terminal.fail("edge: there is no command \"\(other)\"\n\(Usage.text)", status: 2)
}
