import Testing

@testable import Sandbox

struct SandboxSettingsTests {
    @Test func `settings come from the environment`() throws {
        let settings = try SandboxSettings(environment: [
            "EDGE_SANDBOX_LOAD": "20", "EDGE_SANDBOX_RATE": "0.25", "EDGE_SANDBOX_FAIL": "3", "EDGE_SANDBOX_TIME": "",
        ])

        #expect(settings.load == .seconds(20))
        #expect(settings.rate == .milliseconds(250))
        #expect(settings.failEvery == 3)
        #expect(settings.time == .zero)
    }

    @Test(
        "A value out of range is refused by name",
        arguments: [
            ("EDGE_SANDBOX_LOAD", "soon"), ("EDGE_SANDBOX_LOAD", "-1"), ("EDGE_SANDBOX_RATE", "3601"),
            ("EDGE_SANDBOX_TIME", "inf"), ("EDGE_SANDBOX_TIME", "0x10"), ("EDGE_SANDBOX_RATE", "1.2.3"),
        ]
    )
    func refusesSeconds(name: String, value: String) {
        #expect(throws: SandboxSettingsError(name: name, value: value, allowed: "a number of seconds from 0 to 3600")) {
            try SandboxSettings(environment: [name: value])
        }
    }

    @Test("A count must be whole", arguments: ["2.5", "-1", "many", "1000001"])
    func refusesCount(value: String) {
        let error = #expect(throws: SandboxSettingsError.self) {
            try SandboxSettings(environment: ["EDGE_SANDBOX_FAIL": value])
        }

        #expect(error?.description == "EDGE_SANDBOX_FAIL is \"\(value)\"; use a whole number from 0 to 1000000")
    }
}
