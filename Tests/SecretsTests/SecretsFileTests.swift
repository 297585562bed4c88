import Secrets
import TestSupport
import Testing

struct SecretsFileTests {
    let folder = TemporaryFolder()

    private func secret(_ name: String, _ value: String) -> (name: String, value: SecretValue) {
        (name, SecretValue(value))
    }

    @Test func `a first secret makes the folder and a file that only its owner reads`() throws {
        let file = SecretsFile(stateDirectory: "\(folder.path)/.edge")

        try file.set([secret("A", "1"), secret("B", "two words")])

        #expect(folder.mode(".edge") == 0o700)
        #expect(folder.mode(".edge/secrets.env") == 0o600)
        #expect(folder.text(".edge/secrets.env")?.hasSuffix("A=1\nB='two words'\n") == true)
    }

    @Test func `setting keeps other lines, comments and malformed lines`() throws {
        folder.write("# mine\n\nA=1\n B = \"x\ny\" # b\n? broken\nC=3", to: "secrets.env")
        folder.setMode("secrets.env", 0o644)
        let file = SecretsFile(stateDirectory: folder.path)

        try file.set([secret("B", "new"), secret("D", "4")])

        #expect(folder.text("secrets.env") == "# mine\n\nA=1\n B=new\n? broken\nC=3\nD=4\n")
        #expect(folder.mode("secrets.env") == 0o600)
        #expect(folder.names == ["secrets.env"])
    }

    @Test func `unsetting removes every statement of the name and nothing else`() throws {
        folder.write("A=1\n# keep\nexport B='x\ny'\nA=2\nC=3\n", to: "secrets.env")
        let file = SecretsFile(stateDirectory: folder.path)

        try file.unset(["A", "B", "NOT_THERE"])

        #expect(folder.text("secrets.env") == "# keep\nC=3\n")
    }

    @Test(arguments: EnvQuotingTests.values)
    func `every value comes back as it was set`(value: String) throws {
        let file = SecretsFile(stateDirectory: folder.path)

        try file.set([secret("BEFORE", "1"), secret("A", value), secret("AFTER", "2")])
        try file.set([secret("BEFORE", value)])

        let read = try file.read()
        #expect(read.map(\.name) == ["BEFORE", "A", "AFTER"])
        for one in read.prefix(2) { #expect(one.value.reveal().utf8.elementsEqual(value.utf8)) }
    }

    @Test func `of a repeated name the last value counts`() throws {
        let file = SecretsFile(stateDirectory: folder.path)

        try file.set([secret("A", "1"), secret("A", "2")])

        #expect(try file.read().map { $0.value.reveal() } == ["2"])
    }

    @Test func `digests are SHA-256 in hex, sorted by name`() throws {
        let file = SecretsFile(stateDirectory: folder.path)
        try file.set([secret("B", ""), secret("A", "abc")])

        let digests = try file.digests()

        #expect(digests.map(\.name) == ["A", "B"])
        #expect(digests.first?.digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func `limits on names, values and their number are kept, and then nothing changes`() throws {
        let file = SecretsFile(stateDirectory: folder.path)
        let longName = String(repeating: "N", count: 257)
        let longValue = String(repeating: "v", count: 49_153)
        let many = (0...100).map { secret("N\($0)", "v") }

        #expect(throws: SettingsError.nameTooLong(characters: 257)) { try file.set([secret(longName, "v")]) }
        #expect(throws: SettingsError.valueTooLong(name: "A", bytes: 49_153)) { try file.set([secret("A", longValue)]) }
        #expect(throws: SettingsError.tooManySecrets(101)) { try file.set(many) }
        #expect(throws: SettingsError.invalidName("1A")) { try file.set([secret("OK", "v"), secret("1A", "v")]) }
        #expect(throws: SettingsError.valueHoldsZeroByte(name: "A")) { try file.set([secret("A", "\u{0}")]) }
        #expect(folder.text("secrets.env") == nil)

        let largest = String(repeating: "\n", count: 49_152)
        try file.set((0..<100).map { secret("N\($0)", largest) })
        #expect(try file.read().allSatisfy { $0.value.byteCount == 49_152 })
        #expect(try file.read().count == 100)
    }

    @Test func `a file with an unclosed quote is not touched`() {
        folder.write("A='x\n", to: "secrets.env")
        let file = SecretsFile(stateDirectory: folder.path)

        #expect(throws: SettingsError.self) { try file.set([secret("B", "it's")]) }

        #expect(folder.text("secrets.env") == "A='x\n")
    }

    @Test func `what a crash left behind does not stop the next edit`() throws {
        folder.write("half", to: "secrets.env.tmp")
        let file = SecretsFile(stateDirectory: folder.path)

        try file.set([secret("A", "1")])

        #expect(folder.names == ["secrets.env"])
    }

    @Test func `edits at the same time lose nothing`() async throws {
        let file = SecretsFile(stateDirectory: folder.path)

        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 { group.addTask { try file.set([(name: "N\(number)", value: SecretValue("v"))]) } }
            try await group.waitForAll()
        }

        #expect(Set(try file.read().map(\.name)) == Set((0..<8).map { "N\($0)" }))
    }

    @Test func `a folder that cannot be written is an error that names it`() {
        let file = SecretsFile(stateDirectory: "/proc/nope")

        #expect(throws: SettingsError.unwritable(file: "/proc/nope", reason: "No such file or directory")) {
            try file.set([secret("A", "1")])
        }
    }
}
