import Providers
import Testing

@testable import Civitai

struct CivitaiSettingsTests {
    @Test func `without variables it is the public service, not ready`() throws {
        let settings = try CivitaiSettings(environment: ["CIVITAI_API_KEY": "", "CIVITAI_BASE_URL": ""])

        #expect(settings.baseURL == "https://orchestration.civitai.com" && settings.siteURL == "https://civitai.com")
        #expect(settings.key == nil)
    }

    @Test func `variables are taken`() throws {
        let settings = try CivitaiSettings(environment: [
            "CIVITAI_API_KEY": "civ_1", "CIVITAI_BASE_URL": "http://127.0.0.1:1/",
            "CIVITAI_SITE_URL": "http://127.0.0.1:2",
        ])

        #expect(settings.baseURL == "http://127.0.0.1:1" && settings.siteURL == "http://127.0.0.1:2")
        #expect(settings.key != nil && !"\(settings)".contains("civ_1"))
    }

    @Test(
        "What cannot be used names its variable",
        arguments: [
            ("CIVITAI_API_KEY", "two words"), ("CIVITAI_BASE_URL", "nonsense"), ("CIVITAI_BASE_URL", "https://a@b"),
            ("CIVITAI_SITE_URL", "ftp://x"), ("CIVITAI_SITE_URL", "https://"),
        ]
    )
    func mistakes(name: String, value: String) throws {
        let error = #expect(throws: ProviderSettingsError.self) { try CivitaiSettings(environment: [name: value]) }

        #expect(error?.name == name)
        #expect(error?.description.hasPrefix("\(name) ") == true)
    }
}
