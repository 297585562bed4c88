// `edge secrets list`: names and digests in the forms that scripts written for other tools expect.
internal import JSON

extension SecretsCommand {
    func list(_ arguments: [String]) throws(Failure) -> Outcome {
        let form = try Self.outputForm(arguments)
        let rows: [(name: String, digest: String)]
        do throws(SettingsError) {
            rows = try file.digests(environment: environment)
        } catch {
            throw .settings(error)
        }
        switch form {
        case "pretty":
            return Outcome(output: Self.table(rows))
        case "json":
            let array = rows.map { JSONValue.object(["name": .string($0.name), "value": .string($0.digest)]) }
            return Outcome(output: JSONValue.array(array).text(pretty: true) + "\n")
        case "yaml":
            let items = rows.map { "- name: \($0.name)\n  value: \"\($0.digest)\"\n" }
            return Outcome(output: items.isEmpty ? "[]\n" : items.joined())
        case "toml":
            return Outcome(
                output: rows.map { "[[secrets]]\nname = \"\($0.name)\"\nvalue = \"\($0.digest)\"\n" }.joined()
            )
        default:
            throw .misuse("edge secrets list cannot print \(form); use --output pretty, json, yaml or toml")
        }
    }

    private static func outputForm(_ arguments: [String]) throws(Failure) -> String {
        var form = "pretty"
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--output" || argument == "-o" {
                guard let value = rest.popFirst() else {
                    throw .misuse("--output needs a form behind it: pretty or json")
                }
                form = value
            } else if argument.hasPrefix("--output=") {
                form = String(argument.dropFirst("--output=".count))
            } else {
                throw .misuse("edge secrets list has no option \(argument); it knows --output")
            }
        }
        return form
    }

    /// The table of the Supabase command line, byte for byte: two blanks before each line, cells padded to the widest.
    static func table(_ rows: [(name: String, digest: String)]) -> String {
        let nameWidth = max(4, rows.map(\.name.count).max() ?? 0)
        let digestWidth = max(6, rows.map(\.digest.count).max() ?? 0)
        func line(_ name: String, _ digest: String) -> String {
            let nameRoom = String(repeating: " ", count: nameWidth - name.count)
            let digestRoom = String(repeating: " ", count: digestWidth - digest.count)
            return "   \(name)\(nameRoom) | \(digest)\(digestRoom) \n"
        }
        let rule =
            "  \(String(repeating: "-", count: nameWidth + 2))|\(String(repeating: "-", count: digestWidth + 2))\n"
        return "\n  \n" + line("NAME", "DIGEST") + rule + rows.map(line).joined() + "\n"
    }
}
