// Hundreds of error codes, in the twelve classes that Runware's own clients hide them behind.

/// What a code means, by the rules of the official clients: from top to bottom, the first that fits.
enum RunwareErrorClass: String, Sendable, CaseIterable {
    case quota, rateLimit, safety, auth, timeout, notFound, serverError, provider, validation, unknown

    init(code: String) {
        let lower = code.lowercased()
        func holds(_ words: String...) -> Bool { words.contains { lower.contains($0) } }
        func begins(_ words: String...) -> Bool { words.contains { code.hasPrefix($0) } }
        switch code {
        case _ where holds("credits", "quota", "balance") || code == "paymentRequired": self = .quota
        case _ where holds("ratelimit"): self = .rateLimit
        // `invalidProviderContent` looks like a wrong parameter, and means a moderated prompt.
        case _ where Self.safetyCodes.contains(code): self = .safety
        case _ where Self.authCodes.contains(code) || holds("apikey"): self = .auth
        // Whatever its case: `timeoutProvider` is one too.
        case _ where holds("timeout"): self = .timeout
        case _ where code.hasSuffix("NotFound") || code.hasSuffix("Expired") || Self.notFoundCodes.contains(code):
            self = .notFound
        case _ where Self.serverCodes.contains(code): self = .serverError
        case _ where begins("provider") || Self.providerCodes.contains(code): self = .provider
        case _ where begins("invalid", "missing", "conflict", "duplicate", "unsupported", "value", "array", "max"),
            _ where code.contains("Conflict") || Self.validationCodes.contains(code):
            self = .validation
        default: self = .unknown
        }
    }

    /// The nearest thing to a sleeping model: nothing was begun.
    static let loadingCodes: Set<String> = ["modelNotReady", "noAvailableServer", "modelUnavailable"]

    /// The key is good but may not do this, or its account may do nothing.
    static let permissionCodes: Set<String> = [
        "forbidden", "permissionDenied", "insufficientPermissions", "accountSuspended", "accountDisabled",
        "organizationSuspended", "organizationDisabled", "workspaceSuspended", "workspaceDisabled",
    ]

    private static let safetyCodes: Set<String> = [
        "contentPolicyViolation", "providerContentPolicyViolation", "sensitiveContentDetected",
        "unsafeContentDetected", "nsfwContentDetected", "promptBlocked", "imageBlocked", "moderationFailed",
        "invalidProviderContent",
    ]
    private static let authCodes: Set<String> = permissionCodes.union([
        "invalidApiKey", "missingApiKey", "unauthorized", "authenticationFailed", "authFailed", "authTimeout",
        "invalidAuthentication", "invalidCredentials", "missingAuthentication", "tokenExpired", "tokenInvalid",
        "tokenMissing", "tokenRevoked",
    ])
    private static let notFoundCodes: Set<String> = ["taskCancelled", "taskFailedOrNotFound", "unknownModel"]
    private static let serverCodes: Set<String> = [
        "internalServerError", "serviceUnavailable", "serverUnavailable", "standardError", "unknownError",
        "undefinedError", "defaultError", "unrecognizedResponse", "errorRetrievingAccountManagement", "serverError",
    ]
    private static let providerCodes: Set<String> = loadingCodes.union([
        "inferenceError", "processingFailed", "taskFailed", "downloadFailed", "uploadFailed", "modelDisabled",
        "mediaStorageFileCouldNotBeMoved",
    ])
    private static let validationCodes: Set<String> = [
        "unknownParameter", "incompatibleParameters", "modelAlreadyExists", "validationFailed",
    ]
}
