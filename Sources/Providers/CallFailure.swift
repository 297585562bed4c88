// A call that got no answer: why, in words, and whether it may have begun what is paid for.

/// What the failure of one call means, for a provider that makes images as tasks and asks about them.
package struct CallFailure {
    private let failure: TransportError
    private let call: ProviderCall
    private let wanted: String
    private let provider: String
    private let variable: String

    /// - Parameters:
    ///   - wanted: what the call was for: "the answer", "the image".
    ///   - variable: the setting whose address was called.
    package init(
        _ failure: TransportError,
        _ call: ProviderCall,
        of wanted: String,
        at provider: String,
        _ variable: String
    ) {
        self.failure = failure
        self.call = call
        self.wanted = wanted
        self.provider = provider
        self.variable = variable
    }

    /// Whether the same call may have an answer another time.
    package var isPassing: Bool {
        switch failure.reason {
        case .network, .timeout: true
        case .tooLarge, .address, .canceled: false
        }
    }

    /// - Parameter isBegun: whether a task may be at work, or done, by now.
    package func error(isBegun: Bool = false) -> ProviderError {
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
            let head = call.headTimeout.map { ", or did not begin within \($0)" } ?? ""
            message = "\(wanted) did not come within \(call.timeout)\(head)"
        case .address(let reason) where call.target == .result:
            kind = .settings
            message =
                "the address of \(wanted) cannot be used: \(reason); if it leads where results may be, list that network under "
                + "results.allow in the settings file"
        case .address(let reason):
            kind = .settings
            message = "\(reason); check \(variable)"
        case .canceled:
            kind = .canceled
            message = "the request was canceled"
        }
        return ProviderError(provider: provider, kind: kind, message: message, mayBePaid: isBegun)
    }
}
