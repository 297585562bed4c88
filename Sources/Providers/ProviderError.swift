// Why a provider made no image: what happened, in a sentence that also says what to do.

/// A provider's refusal or failure. Its kind decides what happens next, its message is shown to people.
public struct ProviderError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// The request itself is at fault: a parameter, the prompt.
        case refused
        /// The provider found the prompt or the picture unsafe. Never tried elsewhere.
        case moderated
        /// The key is missing, wrong or expired.
        case credentials
        /// The key is good, but may not do this.
        case permission
        /// The account has no money left. Never tried again.
        case payment
        /// Too many requests; nil where the provider does not say when to come back.
        case rateLimited(after: Duration?)
        /// A sleeping model wakes; nil where the provider gives no estimate.
        case loading(estimate: Duration?)
        /// No such model, or it is not served there.
        case notFound
        /// The provider fails or is too busy. A time means that it said when to come back.
        case unavailable(after: Duration?)
        /// An answer that is no image: empty, cut off, of another type.
        case badAnswer
        /// An answer beyond our limit. Asking again would only pay again.
        case tooLarge
        /// No answer came: connection, name look-up, time.
        case network
        /// Our own settings are wrong: address, form, provider.
        case settings
        /// Whoever asked has gone.
        case canceled
    }

    public let provider: String
    public let kind: Kind
    public let message: String
    /// The provider's own status, where one came.
    public let status: Int?
    /// The provider's id of the request, to ask its support with.
    public let requestID: String?
    /// Whether the provider may have worked, and charged, although no result came.
    public var mayBePaid: Bool
    /// Whether a task that was begun has come to its end with this: nothing is left to ask about, and another try is another task.
    public var isOver = false
    /// Whether only this provider cannot do the request: another one may.
    public var isUnfit = false

    public init(
        provider: String,
        kind: Kind,
        message: String,
        status: Int? = nil,
        requestID: String? = nil,
        mayBePaid: Bool = false
    ) {
        self.provider = provider
        self.kind = kind
        self.message = message
        self.status = status
        self.requestID = requestID
        self.mayBePaid = mayBePaid
    }

    public var description: String { "\(provider): \(message)" }

    /// The same in other words.
    package func saying(_ message: String) -> ProviderError { changed(kind, message) }

    /// The same, and another thing follows from it.
    package func becoming(_ kind: Kind) -> ProviderError { changed(kind, message) }

    private func changed(_ kind: Kind, _ message: String) -> ProviderError {
        var error = ProviderError(
            provider: provider,
            kind: kind,
            message: message,
            status: status,
            requestID: requestID,
            mayBePaid: mayBePaid
        )
        error.isOver = isOver
        error.isUnfit = isUnfit
        return error
    }

    /// The same, and the provider may have worked.
    public var perhapsPaid: ProviderError {
        var error = self
        error.mayBePaid = true
        return error
    }

    /// The same, and the task that it tells of is no more.
    public var over: ProviderError {
        var error = self
        error.isOver = true
        return error
    }

    /// The same, as a refusal that says nothing about other providers.
    public var unfit: ProviderError {
        var error = self
        error.isUnfit = true
        return error
    }
}
