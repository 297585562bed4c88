import JSON
import TestSupport
import Testing

@testable import Secrets

struct SecretsCommandTests {
    let folder = TemporaryFolder()

    private func run(_ arguments: String..., confirm: ((String) -> Bool)? = nil) -> SecretsCommand.Outcome {
        let environment = ["OUTER": "outer"]
        return SecretsCommand(stateDirectory: "\(folder.path)/.edge", environment: environment, confirm: confirm)
            .run(arguments)
    }

    private var stored: [String: String] {
        let read = (try? SecretsFile(stateDirectory: "\(folder.path)/.edge").read()) ?? []
        return Dictionary(uniqueKeysWithValues: read.map { ($0.name, $0.value.reveal()) })
    }

    @Test func `set keeps everything behind the first equals sign and says that it is done`() {
        let outcome = run("set", "A=hunter2==x y", "B=")

        #expect(outcome == .init(output: "Finished edge secrets set.\n", errors: "", exitCode: 0))
        #expect(stored == ["A": "hunter2==x y", "B": ""])
    }

    @Test func `an argument wins over an env file, a later file over an earlier one`() {
        folder.write("A=1\nB=1\nC=${OUTER}", to: "one.env")
        folder.write("B=2", to: "two.env")

        let outcome = run(
            "set",
            "--env-file",
            "\(folder.path)/one.env",
            "A=argument",
            "--env-file=\(folder.path)/two.env"
        )

        #expect(outcome.exitCode == 0)
        #expect(stored == ["A": "argument", "B": "2", "C": "outer"])
    }

    @Test func `nothing to set is an error`() {
        #expect(
            run("set")
                == .init(
                    output: "",
                    errors: "No arguments found. Use --env-file to read from a .env file.\n",
                    exitCode: 1
                )
        )
    }

    @Test func `an argument without an equals sign is refused, and shown only where it cannot be a value`() {
        #expect(run("set", "A=1", "MY_KEY").errors == "Invalid secret pair: MY_KEY. Must be NAME=VALUE.\n")
        #expect(run("set", "A=1", "hunter2").errors == "Invalid secret pair: argument 2. Must be NAME=VALUE.\n")
        #expect(run("set", "=hunter2").errors == "Invalid secret pair: argument 1. Must be NAME=VALUE.\n")
        #expect(run("set", "A-=1", "hunter2 x=2").exitCode == 1)
        #expect(stored.isEmpty)
    }

    @Test func `no refusal shows a value`() {
        folder.write("A=hunter2\nhunter2 hunter2", to: "bad.env")
        let outcomes = [
            run("set", "hunter2/x=1"), run("set", "--hunter2"), run("set", "A=hunter2\u{0}"), run("set", "hunter2"),
            run("set", "A=hunter2" + String(repeating: "x", count: 50_000)),
            run("set", "--env-file", "\(folder.path)/bad.env"),
        ]

        for outcome in outcomes {
            #expect(outcome.exitCode == 1)
            #expect(!outcome.errors.contains("hunter2"))
            #expect(outcome.output.isEmpty)
        }
        #expect(stored.isEmpty)
    }

    @Test func `a missing or malformed env file is an error with file and line`() {
        folder.write("A=1\nno no", to: "bad.env")

        #expect(run("set", "--env-file", "/no/x.env").errors == "/no/x.env: cannot be read: no such file\n")
        #expect(
            run("set", "--env-file", "\(folder.path)/bad.env").errors
                == "\(folder.path)/bad.env:2: after the name there must be = and the value\n"
        )
    }

    @Test func `names of the host are skipped with a line each`() {
        let outcome = run("set", "EDGE_SOCKET=x", "edge_ok=1")

        #expect(outcome.errors == "Env name cannot start with EDGE_, skipping: EDGE_SOCKET\n")
        #expect(outcome.output == "Finished edge secrets set.\n")
        #expect(stored == ["edge_ok": "1"])
    }

    @Test func `list is a table of names and digests, byte for byte`() {
        _ = run("set", "OTHER=abc", "MY_SECRET=hunter2")

        let outcome = run("list")

        let digests = [
            "f52fbd32b2b3b86ff88ef6c490628285f482af15ddcb29541f94bcf526a3f6c7",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ]
        let pad = String(repeating: " ", count: 58)
        let rule = String(repeating: "-", count: 66)
        #expect(
            outcome.output == "\n  \n   NAME      | DIGEST\(pad) \n  -----------|\(rule)\n"
                + "   MY_SECRET | \(digests[0]) \n   OTHER     | \(digests[1]) \n\n"
        )
        #expect(outcome.exitCode == 0)
    }

    @Test func `list speaks JSON, YAML and TOML`() throws {
        _ = run("set", "A=abc")
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

        let json = try JSONValue.parse(run("list", "--output", "json").output)

        #expect(json == [["name": "A", "value": .string(digest)]])
        #expect(run("list", "-o", "yaml").output == "- name: A\n  value: \"\(digest)\"\n")
        #expect(run("list", "--output=toml").output == "[[secrets]]\nname = \"A\"\nvalue = \"\(digest)\"\n")
        #expect(run("list", "--output", "env").exitCode == 1)
    }

    @Test func `unset removes the named secrets`() {
        _ = run("set", "A=1", "B=2")

        let outcome = run("unset", "A")

        #expect(outcome == .init(output: "Finished edge secrets unset.\n", errors: "", exitCode: 0))
        #expect(stored == ["B": "2"])
    }

    @Test func `unset without names removes all, after a question on a terminal`() {
        _ = run("set", "B=1", "A=2")
        var question = ""

        let refused = run("unset") {
            question = $0
            return false
        }
        let kept = stored
        let done = run("unset")

        #expect(refused.exitCode == 1)
        #expect(kept.count == 2)
        #expect(question.contains(" \u{2022} A\n \u{2022} B\n"))
        #expect(done.output == "Finished edge secrets unset.\n")
        #expect(stored.isEmpty)
    }

    @Test func `unset --yes asks nothing`() {
        _ = run("set", "A=1")

        let outcome = run("unset", "--yes") { _ in
            Issue.record("asked")
            return false
        }

        #expect(outcome.exitCode == 0)
        #expect(stored.isEmpty)
    }

    @Test func `unset with nothing set says so and succeeds`() {
        #expect(
            run("unset")
                == .init(
                    output: "",
                    errors: "You have not set any function secrets, nothing to do.\n",
                    exitCode: 0
                )
        )
    }

    @Test func `parse prints what a file means as one JSON object, and says that it prints values`() throws {
        folder.write("B=${OUTER}\nA=\"x\ny\"\nbroken line\nC", to: "x.env")

        let outcome = run("parse", "\(folder.path)/x.env")

        let object = try JSONValue.parse(outcome.output).object
        #expect(object?.keys == ["B", "A"])
        #expect(object?["B"] == "outer")
        #expect(object?["A"] == "x\ny")
        #expect(outcome.errors.hasPrefix("edge secrets parse prints values"))
        #expect(outcome.errors.contains("x.env:4: "))
        #expect(outcome.exitCode == 0)
        #expect(run("parse", "\(folder.path)/x.env", "--strict").exitCode == 1)
    }

    @Test func `parse refuses what is no env file`() {
        folder.write([0x41, 0x3D, 0], to: "x.env")

        #expect(run("parse", "\(folder.path)/no.env").exitCode == 1)
        #expect(run("parse", "\(folder.path)/x.env").errors.hasPrefix("\(folder.path)/x.env:1: a NUL byte"))
        #expect(run("parse").exitCode == 1)
        #expect(run("parse", "\(folder.path)/no.env").output.isEmpty)
    }

    @Test func `an unknown command gets the list of commands`() {
        #expect(run("show").errors.hasPrefix("edge secrets has no command show\nedge secrets set NAME=VALUE"))
        #expect(run().exitCode == 1)
        #expect(run("help").exitCode == 0)
    }
}
