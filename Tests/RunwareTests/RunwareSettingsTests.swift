import Providers
import Runware
import Testing

struct RunwareSettingsTests {
    @Test func `without settings it is the public service, asked asynchronously`() throws {
        let settings = try RunwareSettings(environment: ["RUNWARE_API_KEY": "", "RUNWARE_DELIVERY": ""])

        #expect(settings.baseURL == "https://api.runware.ai/v1")
        #expect(settings.delivery == .async)
        #expect(settings.output == .url)
        #expect(settings.key == nil)
        #expect(settings.defaultModel.text == "runware:100@1")
    }

    @Test func `all of it comes from the environment`() throws {
        let settings = try RunwareSettings(environment: [
            "RUNWARE_API_KEY": "secret", "RUNWARE_BASE_URL": "http://127.0.0.1:9000/v1/", "RUNWARE_DELIVERY": "sync",
            "RUNWARE_OUTPUT": "base64",
        ])

        #expect(settings.baseURL == "http://127.0.0.1:9000/v1")
        #expect(settings.delivery == .sync)
        #expect(settings.output == .base64)
        #expect(settings.key != nil)
    }

    @Test(
        "A setting that cannot be used is refused by name",
        arguments: [
            ("RUNWARE_BASE_URL", "api.runware.ai", "must begin with https:// or http://"),
            (
                "RUNWARE_BASE_URL", "https://u:p@h",
                "holds a user name or password; keys belong into RUNWARE_API_KEY"
            ),
            ("RUNWARE_DELIVERY", "later", "is \"later\"; use sync or async"),
            ("RUNWARE_OUTPUT", "png", "is \"png\"; use url or base64"),
            (
                "RUNWARE_API_KEY", "a b",
                "holds a space, a line break or a character beyond ASCII; copy it again, without them"
            ),
        ]
    )
    func refuses(name: String, value: String, reason: String) {
        let error = #expect(throws: ProviderSettingsError.self) { try RunwareSettings(environment: [name: value]) }

        #expect(error?.description == "\(name) \(reason)")
    }

    @Test func `the key does not print itself`() throws {
        let settings = try RunwareSettings(environment: ["RUNWARE_API_KEY": "secretsecret"])
        var dumped = ""
        dump(settings, to: &dumped)

        for text in [dumped, "\(settings)", String(reflecting: settings), "\(String(describing: settings.key))"] {
            #expect(!text.contains("secretsecret"))
        }
    }
}
