// `edge providers`: what the operator is told of the providers of a running host.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct ProvidersCommandTests {
    init() { TestLoop.start() }

    @LoopActor
    private func providers(_ host: EdgeHost, _ arguments: String...) async throws -> EdgeCommandResult {
        try await runEdge(["providers"] + arguments + ["--state", host.state], in: host.folder)
    }

    @Test @LoopActor func `the table shows state, price, circuit and quota of each`() async throws {
        let scripts = try RouteProviders()
        var options = scripts.options([
            ("quotas.huggingface", ["hour": 30, "atOnce": 2]),
            ("prices", [["provider": "huggingface", "microdollars": 1900]]),
        ])
        options.environment = scripts.huggingface.environment
        try await withEdge(options) { host in
            _ = try await host.ended(["prompt": "a fox"])
            let result = try await providers(host)
            let lines = result.output.split(separator: "\n").map(String.init)
            func line(_ name: String) -> String { lines.first { $0.hasPrefix(name) } ?? "" }

            #expect(result.exit == .exited(0), "\(result.text)")
            for heading in ["provider", "state", "price", "circuit", "quota left"] {
                #expect(lines.first?.contains(heading) == true)
            }
            let used = line("huggingface")
            for part in ["ready", HuggingFaceScript.model, "0.0019 $", "closed", "29 an hour", "2 at once"] {
                #expect(used.contains(part), "\(part) in \(used)")
            }
            #expect(line("runware").contains("not ready"))
            #expect(line("runware").contains("RUNWARE_API_KEY"))
            #expect(line("runware").contains("unknown"), "an unknown price is not 0")
            #expect(line("sandbox").contains("0.00 $"))
            #expect(!result.text.contains(HuggingFaceScript.key))
            #expect(scripts.calls == [0, 1, 0])
        }
    }

    @Test @LoopActor func `a provider that nobody has asked since the start is shown with what is left of its quota`()
        async throws
    {
        let scripts = try RouteProviders()
        let options = scripts.options([
            ("quotas.openai", ["hour": 30, "day": 100]), ("quotas.runware", ["atOnce": 3]),
            ("prices", [["provider": "openai", "microdollars": 42000]]),
        ])
        try await withEdge(options) { host in
            func line(_ name: String) async throws -> String {
                try await providers(host).output.split(separator: "\n").map(String.init).first { $0.hasPrefix(name) }
                    ?? ""
            }
            let fresh = try await line("openai")
            for part in ["ready", "0.042 $", "closed", "30 an hour", "100 a day"] {
                #expect(fresh.contains(part), "\(part) in \(fresh)")
            }
            #expect(try await line("runware").contains("3 at once"))
            _ = try await host.ended(["prompt": "a fox", "provider": "openai"])
            try await host.settled()
            try await host.restart()

            let spent = try await line("openai")
            #expect(spent.contains("29 an hour") && spent.contains("99 a day"), "\(spent)")
            #expect(scripts.openai.calls == 1)
        }
    }

    @Test @LoopActor func `what is the operator's alone is in no document for everybody`() async throws {
        let scripts = try RouteProviders()
        try await withEdge(scripts.options([("quotas.openai", ["hour": 30])])) { host in
            _ = try await host.ended(["prompt": "a fox"])
            let shown = try await host.get("/status").json

            #expect(shown["providers"]?["openai"]?["ready"] == true)
            #expect(shown["functions"]?["generate"]?["providers"]?["openai"]?["ready"] == true)
            #expect(!shown.text().contains("account") && !shown.text().contains("openai#"), "\(shown.text())")
            #expect(shown["providers"]?["openai"]?["quota"] == nil)
            #expect(scripts.calls == [1, 0, 0])
        }
    }

    @Test @LoopActor func `a check proves each key, and makes nothing`() async throws {
        let scripts = try RouteProviders()
        try await withEdge(scripts.options()) { host in
            let results = [
                try await providers(host, "check", "runware"), try await providers(host, "check", "huggingface"),
                try await providers(host, "check", "openai"), try await providers(host, "check", "sandbox"),
            ]

            for result in results { #expect(result.exit == .exited(0), "\(result.text)") }
            #expect(results[0].output.contains("12.34"), "\(results[0].text)")
            #expect(results[1].output.contains("somebody"), "\(results[1].text)")
            #expect(results[2].output.contains("2 models"), "\(results[2].text)")
            #expect(results[3].output.contains("no key"), "\(results[3].text)")
            #expect(scripts.runware.paidInAll + scripts.huggingface.calls + scripts.openai.calls == 0)
        }
    }

    @Test @LoopActor func `a check says in words what is wrong with a key`() async throws {
        let scripts = try RouteProviders()
        var options = scripts.options()
        options.environment =
            options.environment.filter { !$0.name.hasSuffix("_API_KEY") } + [
                ("RUNWARE_API_KEY", "rw_anotherKey0123456789"), ("HUGGINGFACE_API_KEY", "hf_anotherKey0123456789"),
                ("OPENAI_API_KEY", "sk-anotherKey0123456789"),
            ]
        try await withEdge(options) { host in
            for (name, part) in [
                ("runware", "RUNWARE_API_KEY"), ("huggingface", "huggingface.co/settings/tokens"), ("openai", "key"),
            ] {
                let result = try await providers(host, "check", name)

                #expect(result.exit == .exited(1), "\(result.text)")
                #expect(result.errors.contains(name) && result.errors.contains(part), "\(result.text)")
                #expect(!result.text.contains("anotherKey"))
            }
            #expect(scripts.calls == [0, 0, 0])
        }
    }

    @Test @LoopActor func `a key that is not set, an unknown name and no host at all are said to be so`() async throws {
        try await withEdge { host in
            let missing = try await providers(host, "check", "runware")
            let unknown = try await providers(host, "check", "runwear")
            let odd = try await providers(host, "check", "../runware")

            #expect(missing.exit == .exited(1) && missing.errors.contains("RUNWARE_API_KEY"), "\(missing.text)")
            #expect(unknown.exit == .exited(1), "\(unknown.text)")
            #expect(unknown.errors.contains("runwear") && unknown.errors.contains("huggingface"), "\(unknown.text)")
            #expect(odd.exit == .exited(2), "\(odd.text)")
        }
        let folder = TemporaryFolder()
        for arguments in [["providers"], ["providers", "check", "runware"]] {
            let result = try await runEdge(arguments + ["--state", "nowhere"], in: folder)

            #expect(result.exit == .exited(1))
            #expect(result.errors.contains("no host runs") && result.errors.contains("nowhere"), "\(result.text)")
        }
    }
}
