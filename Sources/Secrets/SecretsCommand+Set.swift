// `edge secrets set` and `edge secrets unset`.

extension SecretsCommand {
    /// An env file's secrets first, then those of the arguments, so that an argument wins.
    func set(_ arguments: [String]) throws(Failure) -> Outcome {
        var outcome = Outcome()
        let (paths, pairs) = try Self.envFiles(in: arguments)
        var secrets: [(name: String, value: SecretValue)] = []
        for path in paths {
            let read = try readFile(path)
            guard read.diagnostics.isEmpty else { throw .malformed(read.diagnostics) }
            secrets += read.assignments.map { ($0.name, $0.value) }
        }
        for (index, pair) in pairs.enumerated() { secrets.append(try Self.split(pair, number: index + 1)) }
        guard !secrets.isEmpty else {
            throw .misuse("No arguments found. Use --env-file to read from a .env file.")
        }
        for (name, _) in secrets where name.hasPrefix(Self.reservedPrefix) {
            outcome.errors += "Env name cannot start with \(Self.reservedPrefix), skipping: \(name)\n"
        }
        secrets.removeAll { $0.name.hasPrefix(Self.reservedPrefix) }
        do throws(SettingsError) {
            if !secrets.isEmpty { try file.set(secrets) }
        } catch {
            throw .settings(error)
        }
        outcome.output = "Finished edge secrets set.\n"
        return outcome
    }

    /// Without names: all but the reserved ones, after a question where there is a terminal.
    func unset(_ arguments: [String]) throws(Failure) -> Outcome {
        let saysYes = arguments.contains("--yes")
        var names = arguments.filter { $0 != "--yes" }
        if let option = names.first(where: { $0.hasPrefix("-") }) {
            throw .misuse("edge secrets unset has no option \(option); it knows --yes")
        }
        do throws(SettingsError) {
            if names.isEmpty {
                names = try file.read(environment: environment).map(\.name).sorted()
                    .filter { !$0.hasPrefix(Self.reservedPrefix) }
            }
            guard !names.isEmpty else {
                return Outcome(errors: "You have not set any function secrets, nothing to do.\n")
            }
            let bullets = names.map { " \u{2022} \($0)\n" }.joined()
            if !saysYes, let confirm, !confirm("Do you want to unset these function secrets?\n\(bullets)\n") {
                return Outcome(errors: "Nothing was unset.\n", exitCode: 1)
            }
            try file.unset(names)
        } catch {
            throw .settings(error)
        }
        return Outcome(output: "Finished edge secrets unset.\n")
    }

    private static func envFiles(in arguments: [String]) throws(Failure) -> (paths: [String], pairs: [String]) {
        var paths: [String] = []
        var pairs: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--env-file" {
                guard let path = rest.popFirst() else { throw .misuse("--env-file needs a file behind it") }
                paths.append(path)
            } else if argument.hasPrefix("--env-file=") {
                paths.append(String(argument.dropFirst("--env-file=".count)))
            } else if argument.hasPrefix("-") {
                throw .misuse("edge secrets set has no such option; it knows --env-file FILE")
            } else {
                pairs.append(argument)
            }
        }
        return (paths, pairs)
    }

    private static func split(_ pair: String, number: Int) throws(Failure) -> (name: String, value: SecretValue) {
        guard let equals = pair.utf8.firstIndex(of: .equals) else {
            // What stands there may be the value alone, so only what looks like a variable's name is repeated.
            let shown = isVariableName(pair) ? pair : "argument \(number)"
            throw .misuse("Invalid secret pair: \(shown). Must be NAME=VALUE.")
        }
        let name = String(pair[..<equals])
        guard name.isEmpty || EnvFile.isName(name) else {
            throw .misuse(
                "The name before = in argument \(number) is not one: use a letter or _, then letters, digits, _, . or -"
            )
        }
        guard !name.isEmpty else { throw .misuse("Invalid secret pair: argument \(number). Must be NAME=VALUE.") }
        return (name, SecretValue(String(pair[pair.utf8.index(after: equals)...])))
    }

    private static func isVariableName(_ text: String) -> Bool {
        EnvFile.isName(text) && text.utf8.count <= 64 && !text.utf8.contains { (0x61...0x7A).contains($0) }
    }
}
