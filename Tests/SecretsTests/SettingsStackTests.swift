import Secrets
import TestSupport
import Testing

struct SettingsStackTests {
    let folder = TemporaryFolder()

    private func load(
        environment: [String: String] = [:],
        envFiles: [String] = []
    ) throws(SettingsError) -> SettingsStack {
        try SettingsStack.load(
            environment: environment,
            envFiles: envFiles.map { "\(folder.path)/\($0)" },
            stateDirectory: folder.path,
            projectDirectory: folder.path
        )
    }

    @Test func `a stronger place hides a weaker one, and each setting knows its place`() throws {
        folder.write("A=env\nB=env\nC=env\nD=env\nE=env\n\nF=env", to: ".env")
        folder.write("A=local\nB=local\nC=local\nD=local\nE=local", to: ".env.local")
        folder.write("A=kept\nB=kept\nC=kept\nD=kept", to: "secrets.env")
        folder.write("A=first\nB=first\nC=first", to: "first.env")
        folder.write("A=second\nB=second", to: "second.env")

        let stack = try load(environment: ["A": ""], envFiles: ["first.env", "second.env"])

        #expect(stack["A"]?.value.reveal() == "")
        #expect(stack["A"]?.place.description == "process environment")
        #expect(
            ["B", "C", "D", "E", "F"].map { stack[$0]?.value.reveal() } == ["second", "first", "kept", "local", "env"]
        )
        #expect(stack["B"]?.place.description == "\(folder.path)/second.env:2")
        #expect(stack["F"]?.place == .file(name: "\(folder.path)/.env", line: 7))
        #expect(stack.all("D").map { $0.value.reveal() } == ["kept", "local", "env"])
        #expect(stack["G"] == nil)
    }

    @Test func `default files may be missing, a named one may not`() throws {
        #expect(try load()["A"] == nil)
        #expect(throws: SettingsError.unreadable(file: "\(folder.path)/no.env", reason: "no such file")) {
            try load(envFiles: ["no.env"])
        }
    }

    @Test func `malformed statements of any file become diagnostics`() throws {
        folder.write("A=1\nnot ok", to: ".env")
        folder.write("= x", to: "named.env")

        let stack = try load(envFiles: ["named.env"])

        #expect(
            stack.diagnostics.map { "\($0.file):\($0.line)" } == [
                "\(folder.path)/named.env:1", "\(folder.path)/.env:2",
            ]
        )
        #expect(stack["A"]?.value.reveal() == "1")
    }

    @Test func `a file that is not text is an error that names it`() {
        folder.write([0x41, 0x3D, 0x0A, 0xFF], to: ".env")

        #expect(throws: SettingsError.notAnEnvFile(.invalidUTF8(file: "\(folder.path)/.env", line: 2))) { try load() }
    }

    @Test(arguments: [(0o600, false), (0o640, true), (0o604, true), (0o400, false)])
    func `a file that others can read gets a warning`(mode: UInt32, warns: Bool) throws {
        folder.write("A=1", to: ".env")
        folder.setMode(".env", mode)

        let stack = try load()

        let warning = "\(folder.path)/.env: other users of this machine can read it; run: chmod 600 \(folder.path)/.env"
        #expect(stack.warnings == (warns ? [warning] : []))
    }

    @Test(arguments: [("sk-hunter2", true), ("hf_abc", false), ("", false), ("HF_abc", true)])
    func `a Hugging Face key of another form gets a warning without the key`(key: String, warns: Bool) throws {
        folder.write("HF_TOKEN=\(key)", to: ".env")
        folder.setMode(".env", 0o600)

        let stack = try load(environment: ["HUGGINGFACE_API_KEY": key])

        #expect(stack.warnings.count == (warns ? 2 : 0))
        for warning in stack.warnings {
            #expect(warning.contains("hf_"))
            #expect(!warning.contains("hunter2") && !warning.contains("HF_abc"))
        }
        if warns { #expect(stack.warnings[0].hasPrefix("HUGGINGFACE_API_KEY (process environment) does not begin")) }
    }

    @Test func `secret are the names that a function lists or that edge secrets keeps, in every place`() throws {
        folder.write("KEPT=kept-in-secrets", to: "secrets.env")
        folder.write("KEPT=kept-in-env\nLISTED=listed-value\nPLAIN=plain-value", to: ".env")

        let stack = try load(environment: ["LISTED": "listed-outside"])
        let redactor = stack.redactor(listed: ["LISTED", "UNSET"])

        #expect(stack.secretNames(listed: ["LISTED"]) == ["KEPT", "LISTED"])
        let text = redactor.redact("kept-in-secrets kept-in-env listed-value listed-outside plain-value")
        #expect(text == "[KEPT] [KEPT] [LISTED] [LISTED] plain-value")
    }

    @Test func `the files to watch include those that do not exist yet`() throws {
        folder.write("A=1", to: "x.env")

        let stack = try load(envFiles: ["x.env"])

        #expect(stack.watchedPaths == ["x.env", "secrets.env", ".env.local", ".env"].map { "\(folder.path)/\($0)" })
    }

    @Test func `the environment of this process is read`() {
        #expect(ProcessEnvironment.atStart()["PATH"]?.isEmpty == false)
    }
}
