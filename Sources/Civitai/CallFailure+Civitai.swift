// Calls to Civitai that got no answer.
internal import Providers

extension CallFailure {
    /// - Parameter variable: the setting whose address was called.
    init(
        _ failure: TransportError,
        _ call: ProviderCall,
        of wanted: String = "the answer",
        at variable: String = "CIVITAI_BASE_URL"
    ) {
        self.init(failure, call, of: wanted, at: Civitai.name, variable)
    }
}
