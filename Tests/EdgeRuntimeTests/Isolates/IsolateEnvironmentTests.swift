import Testing

@testable import EdgeRuntime

struct IsolateEnvironmentTests {
    private let host = [
        "PATH": "/bin", "HOME": "/root", "https_proxy": "http://proxy:1", "NO_PROXY": "localhost", "LANG": "C.UTF-8",
        "AWS_SECRET_ACCESS_KEY": "not for functions", "EDGE_PORT": "8787", "PORT": "8787", "LD_PRELOAD": "/tmp/x.so",
    ]

    @Test func `it gets the base set that the host has, its own names and the host's, and nothing else`() {
        let variables = environment(.socket(path: "/run/a.s"), [("HF_TOKEN", "hf_1"), ("MODE", "fast")])

        #expect(
            variables == [
                "PATH": "/bin", "HOME": "/root", "https_proxy": "http://proxy:1", "NO_PROXY": "localhost",
                "LANG": "C.UTF-8", "HF_TOKEN": "hf_1", "MODE": "fast", "EDGE_SOCKET": "/run/a.s",
                "EDGE_CONTROL": "/run/a.c", "EDGE_FUNCTION": "hello", "EDGE_VERSION": "1.2.3",
            ]
        )
    }

    @Test func `a function that listens on a port gets PORT and no socket`() {
        let variables = environment(.port(20_001), [])

        #expect(variables["PORT"] == "20001")
        #expect(variables["EDGE_SOCKET"] == nil)
    }

    @Test func `the function's own names go before the base set, and the host's before both`() {
        let variables = environment(.socket(path: "/run/a.s"), [("PATH", "/opt/bin"), ("EDGE_CONTROL", "/tmp/fake")])

        #expect(variables["PATH"] == "/opt/bin")
        #expect(variables["EDGE_CONTROL"] == "/run/a.c")
    }

    @Test func `of a name that comes twice the later value counts`() {
        let variables = environment(.port(1), [("A", "1"), ("A", "2")])

        #expect(variables["A"] == "2")
    }

    @Test func `what no environment can hold is left out`() {
        let variables = environment(.port(1), [("", "x"), ("A=B", "x"), ("C", "a\0b"), ("D\0", "x"), ("E", "")])

        #expect(variables.keys.filter { $0.count < 4 } == ["E"])
    }

    private func environment(
        _ endpoint: IsolateEndpoint,
        _ named: [(name: String, value: String)]
    ) -> [String: String] {
        let pairs = isolateEnvironment(
            function: "hello",
            version: "1.2.3",
            endpoint: endpoint,
            control: "/run/a.c",
            named: named,
            host: { host[$0] }
        )
        return Dictionary(uniqueKeysWithValues: pairs.map { ($0.name, $0.value) })
    }
}
