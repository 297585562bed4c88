import Providers
import Testing

@testable import OpenAIImages

struct OpenAISettingsTests {
    @Test func `without settings it is OpenAI`() throws {
        let settings = try OpenAISettings(environment: ["OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""])

        #expect(settings.baseURL == "https://api.openai.com/v1")
        #expect(settings.isPublic)
        #expect(settings.key == nil)
        #expect(settings.extras == .auto)
    }

    @Test(
        "An address is OpenAI's or not, with and without a trailing slash",
        arguments: [
            ("https://api.openai.com/v1/", true), ("https://eu.api.openai.com/v1", true),
            ("https://API.openai.com:443/v1", true),
            ("http://127.0.0.1:8080/v1/", false), ("https://api.openai.com.evil.example/v1", false),
            ("https://example/api.openai.com", false),
        ]
    )
    func publicness(url: String, isPublic: Bool) throws {
        let settings = try OpenAISettings(environment: ["OPENAI_BASE_URL": url])

        #expect(settings.isPublic == isPublic)
        #expect(!settings.baseURL.hasSuffix("/"))
    }

    @Test(
        "A setting that cannot be used is refused by name",
        arguments: [
            ("OPENAI_BASE_URL", "api.openai.com/v1", "must begin with https:// or http://"),
            ("OPENAI_BASE_URL", "https://u:p@h/v1", "holds a user name or password; keys belong into OPENAI_API_KEY"),
            (
                "OPENAI_API_KEY", "sk a",
                "holds a space, a line break or a character beyond ASCII; copy it again, without them"
            ),
            ("OPENAI_EXTRAS", "yes", "is \"yes\"; use 1, 0 or auto"),
            ("OPENAI_QUALITY", "best", "is \"best\"; use one of auto, low, medium, high, xhigh, max, standard, hd"),
            ("OPENAI_MODEL", "my model", "cannot be used: a model name has no space and no character beyond ASCII"),
        ]
    )
    func refuses(name: String, value: String, reason: String) {
        let error = #expect(throws: ProviderSettingsError.self) { try OpenAISettings(environment: [name: value]) }

        #expect(error?.description == "\(name) \(reason)")
    }

    @Test func `the key does not print itself`() throws {
        let settings = try OpenAISettings(environment: ["OPENAI_API_KEY": "sk-secretsecret"])
        var dumped = ""
        dump(settings, to: &dumped)

        for text in [dumped, "\(settings)", String(reflecting: settings)] { #expect(!text.contains("secretsecret")) }
    }
}
