import HFInference
import Providers
import Testing

struct HFSettingsTests {
    @Test func `without settings it is the public service`() throws {
        let settings = try HFSettings(environment: ["HUGGINGFACE_API_KEY": "", "HUGGINGFACE_FORM": ""])

        #expect(settings.baseURL == "https://router.huggingface.co")
        #expect(settings.hubURL == "https://huggingface.co")
        #expect(settings.form == .router)
        #expect(settings.route == .auto)
        #expect(settings.token == nil)
        #expect(settings.defaultModel.text == "black-forest-labs/FLUX.1-schnell")
    }

    @Test func `addresses and form come from the environment`() throws {
        let settings = try HFSettings(environment: [
            "HUGGINGFACE_BASE_URL": "http://127.0.0.1:9000/hf//", "HUGGINGFACE_HUB_URL": "http://[::1]:9001/",
            "HUGGINGFACE_FORM": "models", "HUGGINGFACE_BILL_TO": "our-org",
        ])

        #expect(settings.baseURL == "http://127.0.0.1:9000/hf")
        #expect(settings.hubURL == "http://[::1]:9001")
        #expect(settings.form == .models)
        #expect(settings.billTo == "our-org")
    }

    @Test(
        "A setting that cannot be used is refused by name",
        arguments: [
            ("HUGGINGFACE_BASE_URL", "router.huggingface.co", "must begin with https:// or http://"),
            ("HUGGINGFACE_BASE_URL", "https://", "must begin with https:// or http://"),
            ("HUGGINGFACE_BASE_URL", "https:///x", "names no host"),
            (
                "HUGGINGFACE_HUB_URL", "https://u:p@h",
                "holds a user name or password; keys belong into HUGGINGFACE_API_KEY"
            ),
            ("HUGGINGFACE_HUB_URL", "https://h?x", "holds a query or fragment; give the part before it"),
            ("HUGGINGFACE_HUB_URL", "https://h /x", "holds a space or a character that no address has"),
            ("HUGGINGFACE_FORM", "legacy", "is \"legacy\"; use router or models"),
            (
                "HUGGINGFACE_BILL_TO", "our org\r\n",
                "is no name of an organisation; use what stands behind huggingface.co/ on its page"
            ),
            (
                "HUGGINGFACE_API_KEY", "hf_abc\n",
                "holds a space, a line break or a character beyond ASCII; copy it again, without them"
            ),
        ]
    )
    func refuses(name: String, value: String, reason: String) {
        let error = #expect(throws: HFSettingsError.self) { try HFSettings(environment: [name: value]) }

        #expect(error?.description == "\(name) \(reason)")
    }

    @Test func `the token does not print itself`() throws {
        let settings = try HFSettings(environment: ["HUGGINGFACE_API_KEY": "hf_secretsecret"])
        var dumped = ""
        dump(settings, to: &dumped)

        for text in [dumped, "\(settings)", String(reflecting: settings), "\(String(describing: settings.token))"] {
            #expect(!text.contains("secretsecret"))
        }
    }
}
