// Secrets: where they come from, who gets them, and that nobody sees them.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct SecretKeepingTests {
    init() { TestLoop.start() }

    private static let names = ["HUGGINGFACE_API_KEY"]

    /// Everything that a host has written anywhere but into the settings files.
    @LoopActor
    private func everything(_ host: EdgeHost) -> String {
        host.said + filesBelow(host.state).filter { !$0.hasSuffix("secrets.env") }.compactMap { fileText($0) }.joined()
    }

    @Test @LoopActor func `the start names each secret with its place, the strongest one, and no value`() async throws {
        let options = EdgeOptions(
            arguments: ["--env-file", "first.env", "--env-file", "second.env"],
            files: [
                (".env", "HUGGINGFACE_API_KEY=hf_fromDotEnv0000\n"),
                (".env.local", "HUGGINGFACE_API_KEY=hf_fromLocal0000\n"),
                ("first.env", "HUGGINGFACE_API_KEY=hf_fromFirst0000\n"),
                ("second.env", "# two\nHUGGINGFACE_API_KEY=hf_fromSecond000\n"),
            ]
        )
        try await withEdge(options) { host in
            _ = try await host.output.line(containing: "curl")
            let said = host.said

            #expect(said.contains("HUGGINGFACE_API_KEY"))
            #expect(said.contains("second.env:2"))
            #expect(!said.contains("hf_from"))
        }
    }

    @Test(
        "A stronger place wins",
        arguments: [
            ("environment", ["environment", "named", "kept", "local", "plain"]),
            ("named", ["named", "kept", "local", "plain"]),
            ("kept", ["kept", "local", "plain"]), ("local", ["local", "plain"]), ("plain", ["plain"]),
        ]
    )
    @LoopActor func precedence(winner: String, places: [String]) async throws {
        let upstream = try HuggingFaceScript()
        var options = EdgeOptions(environment: upstream.environment.filter { $0.name != "HUGGINGFACE_API_KEY" })
        func line(_ place: String) -> String { "HUGGINGFACE_API_KEY=hf_key_\(place)\n" }
        if places.contains("environment") { options.environment.append(("HUGGINGFACE_API_KEY", "hf_key_environment")) }
        if places.contains("named") {
            options.files.append(("named.env", line("named")))
            options.arguments = ["--env-file", "named.env"]
        }
        if places.contains("local") { options.files.append((".env.local", line("local"))) }
        if places.contains("plain") { options.files.append((".env", line("plain"))) }
        let host = EdgeHost(options)
        if places.contains("kept") {
            let set = try await runEdge(
                ["secrets", "set", "HUGGINGFACE_API_KEY=hf_key_kept"],
                in: host.folder,
                environment: [("EDGE_STATE", "state")]
            )
            #expect(set.exit == .exited(0), "\(set.text)")
        }
        try await withEdge(host) { host in
            let answer = try await host.generate("a fox")

            #expect(answer.status == 200, "\(answer.text)")
            #expect(upstream.images.first?.header("authorization") == "Bearer hf_key_\(winner)")
        }
    }

    @Test @LoopActor func `a changed file takes effect without a restart, and only for those who hold the value`()
        async throws
    {
        let upstream = try HuggingFaceScript()
        let options = EdgeOptions(
            environment: upstream.environment.filter { $0.name != "HUGGINGFACE_API_KEY" },
            files: [(".env", "HUGGINGFACE_API_KEY=hf_theOldKey\n")]
        )
        try await withEdge(options) { host in
            _ = try await host.get("/status")
            #expect(try await host.generate("fox 0").status == 200)
            let before = pids(host)
            replaceFile("\(host.folder.path)/.env", with: "HUGGINGFACE_API_KEY=hf_theNewKey\n")
            var number = 0
            try await eventually(
                "the new key upstream",
                asking: {
                    number += 1
                    let answer = try await host.generate("fox \(number)")
                    #expect(answer.status == 200, "\(answer.text)")
                    return upstream.images.last?.header("authorization") == "Bearer hf_theNewKey"
                }
            )
            let after = pids(host)

            #expect(before["status"] == after["status"])
            #expect(before["generate"] != after["generate"])
            #expect(!everything(host).contains("hf_the"))
        }
    }

    /// The process of each function, by its program's name.
    @LoopActor
    private func pids(_ host: EdgeHost) -> [String: Int32] {
        Dictionary(host.isolates.map { (ProcessTree.name(of: $0) ?? "", $0) }, uniquingKeysWith: max)
    }

    @Test @LoopActor func `the key is in no output, log line, error, job file or answer`() async throws {
        let key = HuggingFaceScript.key
        let upstream = try HuggingFaceScript([
            .image, .error(401, "Invalid token \(key)"), .error(400, "bad \(key) request"),
            .error(500, "died of \(key)"), .image,
        ])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            var answers: [ProbeAnswer] = []
            for number in 0..<4 {
                answers.append(
                    try await host.generate(["prompt": .string("fox \(number)")], [("Accept", "application/json")])
                )
            }
            answers.append(try await host.get("/status"))
            answers.append(try await host.get("/metrics"))
            answers.append(try await host.generate(["prompt": ""]))
            try await eventually("the jobs on disk") { host.activeJobs.isEmpty }

            for answer in answers {
                #expect(!answer.text.contains(key), "\(answer.text)")
                #expect(!answer.headers.contains { $0.value.contains(key) })
            }
            #expect(!everything(host).contains(key))
        }
    }

    @Test @LoopActor func `a key of another form and a file that others can read get a warning without the value`()
        async throws
    {
        try await withEdge(EdgeOptions(environment: [("HUGGINGFACE_API_KEY", "sk_notTheRightForm")])) { host in
            _ = try await host.output.line(containing: "curl")

            #expect(host.said.contains("hf_"))
            #expect(!host.said.contains("sk_notTheRightForm"))
        }
    }

    @Test @LoopActor func `edge secrets sets, lists and unsets without ever showing a value`() async throws {
        let folder = TemporaryFolder()
        folder.write("FROM_FILE=\"two words\"\n", to: "more.env")
        func edge(_ arguments: String...) async throws -> EdgeCommandResult {
            try await runEdge(["secrets"] + arguments, in: folder)
        }

        let set = try await edge("set", "TOKEN_ONE=veryHidden1", "TOKEN_TWO=a=b=veryHidden2", "--env-file", "more.env")
        let listed = try await edge("list")
        let unset = try await edge("unset", "TOKEN_ONE")
        let left = try await edge("list")
        let bad = try await edge("set", "veryHidden3")
        let none = try await edge("set")
        let unknown = try await edge("reveal")

        #expect(set.exit == .exited(0), "\(set.text)")
        #expect(
            listed.output.contains("TOKEN_ONE") && listed.output.contains("TOKEN_TWO")
                && listed.output.contains("FROM_FILE")
        )
        #expect(unset.exit == .exited(0))
        #expect(!left.output.contains("TOKEN_ONE") && left.output.contains("TOKEN_TWO"))
        for refused in [bad, none, unknown] { #expect(refused.exit == .exited(1), "\(refused.text)") }
        for result in [set, listed, unset, left, bad, none] {
            #expect(!result.text.contains("veryHidden") && !result.text.contains("two words"), "\(result.text)")
        }
        #expect(try #require(fileText("\(folder.path)/.edge/secrets.env")).contains("a=b=veryHidden2"))
    }

    @Test @LoopActor func `edge secrets parse prints the file's meaning as one JSON object, and warns on stderr`()
        async throws
    {
        let folder = TemporaryFolder()
        folder.write("A=1 # c\nB='a\\nb'\nexport C = \"x\\ny\"\nnonsense here\n", to: "some.env")
        let parsed = try await runEdge(["secrets", "parse", "some.env"], in: folder)
        let missing = try await runEdge(["secrets", "parse", "none.env"], in: folder)

        #expect(parsed.exit == .exited(0))
        #expect(try JSONValue.parse(parsed.output) == ["A": "1", "B": "a\\nb", "C": "x\ny"])
        #expect(parsed.errors.contains("values"))
        #expect(parsed.errors.contains("some.env:4"))
        #expect(!parsed.errors.contains("nonsense"))
        #expect(missing.exit == .exited(1))
    }
}
