import CivilTime
import JSON
import Providers
import Testing

@testable import Runware

struct RunwareErrorClassTests {
    @Test(
        "Every known code is in its class",
        arguments: [
            (
                RunwareErrorClass.quota,
                "insufficientCredits providerInsufficientCredits thirdPartyInsufficientCredits quotaExceeded paymentRequired"
            ),
            (
                .rateLimit,
                "rateLimitExceeded inferenceRateLimitExceeded providerRateLimitExceeded inferenceRateLimitRequestTooLarge"
            ),
            (
                .safety,
                "contentPolicyViolation providerContentPolicyViolation sensitiveContentDetected unsafeContentDetected nsfwContentDetected promptBlocked imageBlocked moderationFailed invalidProviderContent"
            ),
            (
                .auth,
                "invalidApiKey missingApiKey unauthorized forbidden permissionDenied insufficientPermissions authenticationFailed authFailed authTimeout invalidAuthentication invalidCredentials missingAuthentication tokenExpired tokenInvalid tokenMissing tokenRevoked accountSuspended accountDisabled organizationSuspended organizationDisabled workspaceSuspended workspaceDisabled"
            ),
            (.timeout, "timeout providerTimeout providerGatewayTimeout webhookTimeout requestTimeout timeoutProvider"),
            (
                .notFound,
                "modelNotFound taskNotFound mediaNotFound taskExpired mediaExpired taskCancelled taskFailedOrNotFound unknownModel"
            ),
            (
                .serverError,
                "internalServerError serviceUnavailable serverUnavailable standardError unknownError undefinedError defaultError unrecognizedResponse errorRetrievingAccountManagement serverError"
            ),
            (
                .provider,
                "providerError providerUnavailable providerBadGateway providerInternalError providerAuthenticationFailed inferenceError processingFailed taskFailed downloadFailed uploadFailed noAvailableServer modelUnavailable modelDisabled modelNotReady mediaStorageFileCouldNotBeMoved"
            ),
            (
                .validation,
                "invalidPositivePrompt invalidPositivePromptLength missingPositivePrompt invalidWidth invalidHeight invalidCustomHeight invalidSteps invalidModel invalidParameter unsupportedParameter unsupportedTaskType unknownParameter incompatibleParameters valueTooLarge arrayTooSmall conflictTaskUUID maxLycorisModelsExceeded modelAlreadyExists validationFailed"
            ),
            (.unknown, "failedIpAdapterLoad somethingNew"),
        ]
    )
    func classes(expected: RunwareErrorClass, codes: String) {
        for code in codes.split(separator: " ") {
            #expect(RunwareErrorClass(code: String(code)) == expected, "\(code)")
        }
    }

    private func error(_ json: String, status: Int = 400, headers: [ProviderHeader] = []) throws -> ProviderError {
        let settings = try RunwareSettings(environment: ["RUNWARE_API_KEY": "secretsecret"])
        let refusal = RunwareRefusal(
            settings: settings,
            model: .usual,
            task: nil,
            now: Timestamp(milliseconds: 1_700_000_000_000)
        )
        let fault = json.isEmpty ? nil : RunwareFault(try JSONValue.parse(json))
        return refusal.error(fault, ProviderReply(status: status, headers: headers), isBegun: false)
    }

    @Test(
        "Each class has its kind, and says whether it may be paid",
        arguments: [
            ("insufficientCredits", ProviderError.Kind.payment, false),
            ("rateLimitExceeded", .rateLimited(after: nil), false), ("promptBlocked", .moderated, false),
            ("invalidProviderContent", .moderated, false), ("invalidApiKey", .credentials, false),
            ("accountSuspended", .permission, false), ("timeoutProvider", .unavailable(after: nil), true),
            ("modelNotFound", .notFound, false), ("mediaExpired", .refused, false),
            ("taskExpired", .unavailable(after: nil), true), ("internalServerError", .unavailable(after: nil), true),
            ("modelNotReady", .loading(estimate: nil), false), ("noAvailableServer", .loading(estimate: nil), false),
            ("modelUnavailable", .loading(estimate: nil), false), ("modelDisabled", .notFound, false),
            ("providerAuthenticationFailed", .unavailable(after: nil), true),
            ("inferenceError", .unavailable(after: nil), true), ("invalidWidth", .refused, false),
            ("failedIpAdapterLoad", .refused, true),
        ]
    )
    func kinds(code: String, kind: ProviderError.Kind, mayBePaid: Bool) throws {
        let error = try error(#"{"code":"\#(code)","message":"why"}"#)

        #expect(error.kind == kind)
        #expect(error.mayBePaid == mayBePaid)
        #expect(error.message.hasSuffix("(status 400, code \(code)). It says: why"))
    }

    @Test(
        "Limits of a parameter are named",
        arguments: [
            (
                #"{"code":"invalidWidth","parameter":"width","type":"integer","min":128,"max":2048,"multiplier":64}"#,
                "the model runware:100@1 takes width from 128 to 2048, a multiple of 64: change it"
            ),
            (
                #"{"code":"invalidCFGScale","parameter":"CFGScale","max":30.5}"#,
                "the model runware:100@1 takes guidance_scale at most 30.5: change it"
            ),
            (
                #"{"code":"invalidSize","parameter":["width","height"],"min":65536,"multiplier":1}"#,
                "the model runware:100@1 takes width, height at least 65536: change it"
            ),
            (
                #"{"code":"invalidScheduler","parameter":"scheduler","allowedValues":["Euler","DDIM"]}"#,
                "the model runware:100@1 takes scheduler one of Euler, DDIM: change it"
            ),
            (
                #"{"code":"unsupportedParameter","parameter":"seedImage"}"#,
                "the model runware:100@1 does not take image: leave it out or choose another model"
            ),
            (
                #"{"code":"invalidPositivePrompt","parameter":"positivePrompt"}"#,
                "the model runware:100@1 does not take prompt as it is: change it"
            ),
            (#"{"code":"validationFailed"}"#, "Runware refused the request: check its parameters"),
        ]
    )
    func limits(json: String, advice: String) throws {
        let error = try error(json)

        #expect(error.message.hasPrefix(advice + " (status 400, code "))
        // Another provider may take what is beyond one model's limits; what is wrong for everybody goes nowhere else.
        #expect(error.isUnfit == !["invalidPositivePrompt", "validationFailed"].contains { json.contains($0) })
    }

    @Test(
        "An answer that says nothing is read by its status",
        arguments: [
            (400, ProviderError.Kind.refused, false), (401, .credentials, false), (402, .payment, false),
            (403, .permission, false), (404, .settings, false), (302, .settings, false), (405, .settings, false),
            (408, .unavailable(after: nil), true), (413, .refused, false), (429, .rateLimited(after: nil), false),
            (500, .unavailable(after: nil), true), (502, .unavailable(after: nil), true), (200, .badAnswer, false),
        ]
    )
    func statuses(status: Int, kind: ProviderError.Kind, mayBePaid: Bool) throws {
        let error = try error("", status: status)

        #expect(error.kind == kind)
        #expect(error.mayBePaid == mayBePaid)
    }

    @Test("Retry-After is honoured, seconds or a date", arguments: ["7", "Tue, 14 Nov 2023 22:13:27 GMT"])
    func retryAfter(value: String) throws {
        let error = try error(
            #"{"code":"rateLimitExceeded"}"#,
            status: 429,
            headers: [ProviderHeader("Retry-After", value)]
        )

        #expect(error.kind == .rateLimited(after: .seconds(7)))
    }

    @Test func `what it says is bounded, on one line and without the key`() throws {
        let long = String(repeating: "x", count: 5000)

        let error = try error(#"{"code":"invalidApiKey","message":"bad key secretsecret\n\#(long)"}"#)

        #expect(error.message.contains("It says: bad key [hidden] xxx"))
        #expect(!error.message.contains("\n"))
        #expect(error.message.count < 600)
    }
}
