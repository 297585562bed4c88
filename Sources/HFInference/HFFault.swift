// What no answer means: on the way to the provider, and on the way to a result.
internal import Providers

enum HFFault {
    static func error(_ error: TransportError, of call: ProviderCall, isMaking: Bool) -> ProviderError {
        let isResult = call.target == .result
        let kind: ProviderError.Kind
        let message: String
        switch error.reason {
        case .tooLarge: (kind, message) = (.tooLarge, HFAnswer.tooLarge(call.answerBytesMax))
        case .network(let reason): (kind, message) = (.network, "no answer came: \(reason)")
        case .timeout: (kind, message) = (.network, "no answer came within \(call.timeout)")
        case .address(let reason) where isResult:
            (kind, message) = (
                .badAnswer, "the address that the provider gave for its result cannot be used: \(reason)"
            )
        case .address(let reason):
            (kind, message) = (.settings, "\(reason); check HUGGINGFACE_BASE_URL and HUGGINGFACE_HUB_URL")
        case .canceled: (kind, message) = (.canceled, "the request was canceled")
        }
        return ProviderError(
            provider: "huggingface",
            kind: kind,
            message: message,
            mayBePaid: isResult || isMaking && error.mayHaveBeenSent
        )
    }
}
