import CivilTime
import JSON
import Providers
import Testing

@testable import OpenAIImages

struct OpenAIRefusalTests {
    private let now = Timestamp(milliseconds: 1_795_255_200_000)  // 2026-11-21T10:00:00Z

    private func error(
        _ status: Int,
        _ body: String,
        headers: [ProviderHeader] = [],
        baseURL: String = OpenAISettings.publicURL,
        key: String? = "sk-abcdefgh",
        isEdit: Bool = false
    ) throws -> ProviderError {
        let settings = try OpenAISettings(
            baseURL: baseURL,
            key: try key.map { text throws in try ProviderKey(text, name: "OPENAI_API_KEY") }
        )
        return OpenAIRefusal(settings: settings, model: try OpenAIModel("gpt-image-2"), isEdit: isEdit, now: now)
            .error(ProviderReply(status: status, headers: headers, body: Array(body.utf8)))
    }

    private static func envelope(_ type: String, _ code: String?, _ message: String, param: String? = nil) -> String {
        let error: JSONObject = [
            "message": .string(message), "type": .string(type), "param": param.map { .string($0) } ?? .null,
            "code": code.map { .string($0) } ?? .null,
        ]
        return JSONValue.object(["error": .object(error)]).text()
    }

    private static let request = "invalid_request_error"

    @Test(
        "Every error of the sheet says what to do",
        arguments: [
            (
                400, envelope(request, "invalid_value", "Invalid value: 'banana'.", param: "size"), .refused,
                "width and height"
            ),
            (
                400,
                envelope(
                    request,
                    "missing_required_parameter",
                    "Missing required parameter: 'prompt'.",
                    param: "prompt"
                ),
                .refused, "Missing required parameter"
            ),
            (
                400, envelope(request, "unknown_parameter", "Unknown parameter: 'seed'.", param: "seed"), .refused,
                "does not take seed: leave it out, or set OPENAI_EXTRAS=0"
            ),
            (400, envelope("image_generation_user_error", "moderation_blocked", "Rejected."), .moderated, "unsafe"),
            (400, envelope(request, "content_policy_violation", "Rejected."), .moderated, "change it"),
            (
                400, envelope(request, "billing_hard_limit_reached", "Limit."), .payment,
                "/settings/organization/billing"
            ),
            (
                401, envelope(request, "invalid_api_key", "Incorrect API key provided."), .credentials,
                "set OPENAI_API_KEY to a new one"
            ),
            (
                401, envelope(request, nil, "You have insufficient permissions for this operation."), .permission,
                "give it that permission"
            ),
            (402, "", .payment, "no credit left"),
            (403, envelope(request, nil, "Your organization must be verified."), .permission, "must be verified"),
            (
                404, envelope(request, "model_not_found", "The model 'nope' does not exist.", param: "model"),
                .notFound, "gpt-image-2 does not exist there"
            ),
            (404, #"{"error":"model x not found"}"#, .notFound, "choose another model"),
            (404, "<html>nginx</html>", .settings, "ends in /v1 at most servers"),
            (405, "", .settings, "check OPENAI_BASE_URL"),
            (408, "", .unavailable(after: nil), "try again"),
            (409, envelope("conflict", nil, "Conflict."), .unavailable(after: nil), "try again"),
            (413, "", .refused, "shorten the prompt"),
            (415, "", .settings, "check OPENAI_BASE_URL"),
            (422, #"{"detail":[{"loc":["body","n"],"msg":"field required"}]}"#, .refused, "field required"),
            (429, envelope("requests", "rate_limit_exceeded", "Rate limit reached."), .rateLimited(after: nil), "wait"),
            (429, envelope("rate_limit_error", "slow_down", "Slow down."), .rateLimited(after: nil), "wait"),
            (
                429, envelope("insufficient_quota", "insufficient_quota", "You exceeded your quota."), .payment,
                "no credit left"
            ),
            (429, envelope("insufficient_quota", nil, "Monthly cap reached."), .payment, "reached its cap"),
            (
                500, envelope("server_error", nil, "The server had an error."), .unavailable(after: nil),
                "try again later"
            ),
            (502, "<html>Bad gateway</html>", .unavailable(after: nil), "failed: try again later (status 502)"),
            (
                503, envelope("service_unavailable_error", "server_is_overloaded", "Overloaded."),
                .unavailable(after: nil), "overloaded"
            ),
            (
                503, #"{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"#,
                .loading(estimate: nil), "is loading"
            ),
            (307, "", .settings, "redirect"),
        ] as [(Int, String, ProviderError.Kind, String)]
    )
    func everyError(status: Int, body: String, kind: ProviderError.Kind, text: String) throws {
        let error = try error(status, body)

        #expect(error.kind == kind)
        #expect(error.message.contains(text), "\(error.message)")
        #expect(error.status == status)
        #expect(!error.message.contains("<html>"))
    }

    @Test(
        "A server that failed may have worked",
        arguments: [
            (500, true), (502, true), (503, true), (504, true), (408, true), (429, false), (400, false), (401, false),
        ]
    )
    func mayBePaid(status: Int, isUnsure: Bool) throws {
        #expect(try error(status, "").mayBePaid == isUnsure)
    }

    @Test("A server that is too busy to begin has made nothing", arguments: ["server_is_overloaded", "slow_down"])
    func overloaded(code: String) throws {
        let error = try error(503, Self.envelope("service_unavailable_error", code, "Later."))

        #expect(error.kind == .unavailable(after: nil))
        #expect(!error.mayBePaid)
    }

    @Test(
        "A parameter or a size that one server does not take may be taken by another",
        arguments: [
            ("unknown_parameter", "seed", true), ("invalid_value", "size", true), ("invalid_value", "prompt", false),
        ]
    )
    func unfit(code: String, param: String, isUnfit: Bool) throws {
        let error = try error(400, Self.envelope("invalid_request_error", code, "No.", param: param))

        #expect(error.kind == .refused)
        #expect(error.isUnfit == isUnfit)
    }

    @Test(
        "Every way to say when is read, the most exact first",
        arguments: [
            ([ProviderHeader("retry-after-ms", "1500"), ProviderHeader("Retry-After", "20")], .milliseconds(1500)),
            ([ProviderHeader("Retry-After", "20")], .seconds(20)),
            ([ProviderHeader("Retry-After", "2.5")], .milliseconds(2500)),
            ([ProviderHeader("Retry-After", "Sat, 21 Nov 2026 10:01:00 GMT")], .seconds(60)),
            ([ProviderHeader("x-ratelimit-reset-requests", "6m0s")], .seconds(360)),
            (
                [
                    ProviderHeader("x-ratelimit-reset-requests", "1s"),
                    ProviderHeader("x-ratelimit-reset-tokens", "12ms"),
                ], .seconds(1)
            ),
            (
                [
                    ProviderHeader("x-ratelimit-remaining-requests", "4"),
                    ProviderHeader("x-ratelimit-reset-requests", "1h"),
                    ProviderHeader("x-ratelimit-remaining-tokens", "0"),
                    ProviderHeader("x-ratelimit-reset-tokens", "7s"),
                ], .seconds(7)
            ),
            ([ProviderHeader("Retry-After", "soon")], nil),
            ([], nil),
        ] as [([ProviderHeader], Duration?)]
    )
    func waits(headers: [ProviderHeader], pause: Duration?) throws {
        let body = Self.envelope("requests", "rate_limit_exceeded", "Rate limit reached.")

        #expect(try error(429, body, headers: headers).kind == .rateLimited(after: pause))
    }

    @Test(
        "Durations of rate-limit headers",
        arguments: [
            ("1s", .seconds(1)), ("6m0s", .seconds(360)), ("1h2m3.5s", .milliseconds(3_723_500)),
            ("120ms", .milliseconds(120)),
            ("20", .seconds(20)), ("", nil), ("s", nil), ("1x", nil), ("-1s", nil), ("1.2.3s", nil), ("5 s", nil),
            ("1s5", .seconds(6)),
        ] as [(String, Duration?)]
    )
    func durations(text: String, duration: Duration?) {
        #expect(OpenAIWait.duration(text) == duration)
    }

    @Test func `what a server says not to try again is never waited for`() throws {
        let no = [ProviderHeader("x-should-retry", "false"), ProviderHeader("Retry-After", "20")]

        #expect(try error(429, #"{"error":"cap"}"#, headers: no).kind == .payment)
        #expect(try error(502, #"{"error":"upstream key refused"}"#, headers: no).kind == .settings)
    }

    @Test func `a server without a key's name asks for one`() throws {
        let error = try error(401, "", baseURL: "http://127.0.0.1:8080/v1", key: nil)

        #expect(error.kind == .credentials)
        #expect(error.message == "the server wants a key: set OPENAI_API_KEY (status 401)")
    }

    @Test func `a server without edits hands the picture over`() throws {
        let error = try error(404, "", isEdit: true)

        #expect(error.kind == .notFound)
        #expect(error.message.contains("leave out image"))
    }

    @Test func `what a server says is bounded, on one line, and without the key`() throws {
        let long = "sk-abcdefgh is wrong\n" + String(repeating: "x", count: 5000)
        let error = try error(400, Self.envelope(Self.request, nil, long))

        #expect(!error.message.contains("sk-abcdefgh"))
        #expect(!error.message.contains("\n"))
        #expect(error.message.unicodeScalars.count < 500)
    }

    @Test func `the request id of the server is kept, where it is one`() throws {
        #expect(try error(500, "", headers: [ProviderHeader("X-Request-Id", "req_1")]).requestID == "req_1")
        #expect(
            try error(500, "", headers: [ProviderHeader("x-request-id", String(repeating: "x", count: 500))]).requestID
                == nil
        )
    }

    @Test(
        "A refusal is of the stream alone where it names it, or speaks of it in a word of its own",
        arguments: [
            ("Unknown parameter: 'stream'.", nil, true),
            ("no", "stream", true),
            ("no", "partial_images", true),
            ("Streaming is not supported.", nil, true),
            ("partial_images must be 0", nil, true),
            ("The upstream refused the prompt.", nil, false),
            ("UPSTREAM_ERROR: bitstream is damaged", nil, false),
            ("The stream is not known", "image", false),
        ] as [(String, String?, Bool)]
    )
    func findsStream(message: String, param: String?, isOfStream: Bool) {
        let body = Self.envelope(Self.request, "invalid_value", message, param: param)

        #expect(OpenAIRefusal.isOfStream(ProviderReply(status: 400, body: Array(body.utf8))) == isOfStream)
    }
}
