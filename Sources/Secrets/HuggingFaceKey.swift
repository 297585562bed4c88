// Notices a Hugging Face key that cannot be one, before the first request fails with it.

enum HuggingFaceKey {
    /// The names under which a token is looked for.
    static let names = ["HUGGINGFACE_API_KEY", "HF_TOKEN"]

    /// One sentence for each key of another form. All tokens since 2022 begin with `hf_`; an empty one means "none".
    static func warnings(_ setting: (String) -> SettingsStack.Setting?) -> [String] {
        names.compactMap(setting).filter { !$0.value.isEmpty && !$0.value.hasPrefix("hf_") }.map {
            "\($0.name) (\($0.place)) does not begin with hf_, as Hugging Face tokens do; it will probably be refused:"
                + " make one with Inference permission at https://huggingface.co/settings/tokens"
        }
    }
}
