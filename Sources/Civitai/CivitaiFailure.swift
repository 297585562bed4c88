// A call that got no answer: why, in words, and whether it may have reached Civitai.
internal import Providers

struct CivitaiFailure {
    let failure: TransportError
    let call: ProviderCall
    /// What was wanted: "the answer", "the image".
    let wanted: String
    /// The variable whose address was called.
    var variable = "CIVITAI_BASE_URL"

    /// Whether the same call may have an answer another time.
    var isPassing: Bool {
        switch failure.reason {
        case .network, .timeout: true
        case .tooLarge, .address, .canceled: false
        }
    }

    /// - Parameter isBegun: whether a workflow may be at work, or done, by now.
    func error(isBegun: Bool = false) -> ProviderError {
        let kind: ProviderError.Kind
        let message: String
        switch failure.reason {
        case .tooLarge:
            kind = .tooLarge
            message = "\(wanted) has more than the \(call.answerBytesMax >> 20) MiB allowed: ask for a smaller size"
        case .network(let reason):
            kind = .network
            message = "\(wanted) did not come: \(reason)"
        case .timeout:
            kind = .network
            message =
                "\(wanted) did not come within \(call.timeout)\(call.headTimeout.map { ", or did not begin within \($0)" } ?? "")"
        case .address(let reason) where call.target == .result:
            kind = .settings
            message =
                "the address of \(wanted) cannot be used: \(reason); if it leads where results may be, list that network under results.allow in the settings file"
        case .address(let reason):
            kind = .settings
            message = "\(reason); check \(variable)"
        case .canceled:
            kind = .canceled
            message = "the request was canceled"
        }
        return ProviderError(provider: Civitai.name, kind: kind, message: message, mayBePaid: isBegun)
    }
}
