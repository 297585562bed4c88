import CivilTime
import JSON
import Providers
import Testing

@testable import HFInference

struct HFRefusalTests {
    private let now = Timestamp(milliseconds: 1_795_255_200_000)  // 2026-11-21T10:00:00Z

    private func error(_ reply: ProviderReply, token: String? = "hf_abcdefgh") throws -> ProviderError {
        let settings = try HFSettings(token: try token.map { text throws in try HFToken(text) })
        return HFRefusal(settings: settings, model: .usual, provider: .hfInference)
            .error(reply, hints: HFHints(reply, now: now))
    }

    @Test(
        "Every error of the sheet says what to do",
        arguments: [
            (
                401, #"{"error":"Invalid credentials in Authorization header"}"#, .credentials,
                "make a new one with Inference permission at https://huggingface.co/settings/tokens"
            ),
            (
                402, "You have exceeded your monthly included credits for Inference Providers.", .payment,
                "no inference credit left"
            ),
            (
                403,
                #"{"error":"This authentication method does not have sufficient permissions to call Inference Providers on behalf of user x"}"#,
                .permission, "Make calls to Inference Providers"
            ),
            (
                403, #"{"error":"Model requires a Pro subscription; check out hf.co/pricing"}"#, .permission,
                "PRO subscription"
            ),
            (403, #"{"error":"Access to model x is restricted"}"#, .permission, "is gated"),
            (400, #"{"error":["Error in `inputs`: field required"]}"#, .refused, "field required"),
            (
                400, #"{"error":"`height` and `width` have to be divisible by 8 but are 512 and 333."}"#, .refused,
                "divisible by 8"
            ),
            (400, "Model not supported by provider hf-inference", .notFound, "choose another model"),
            (404, #"{"error":"Model x does not exist"}"#, .notFound, "black-forest-labs/FLUX.1-schnell does not exist"),
            (
                410, #"{"error":"https://api-inference.huggingface.co is no longer supported."}"#, .settings,
                "set HUGGINGFACE_BASE_URL to https://router.huggingface.co"
            ),
            (413, "", .refused, "shorten the prompt"),
            (
                422, "Failed to deserialize the JSON body into the target type: missing field `inputs`", .refused,
                "missing field"
            ),
            (
                500, #"{"error":"unknown error","warnings":["CUDA out of memory. Tried"]}"#, .unavailable(after: nil),
                "smaller image"
            ),
            (
                500, "Model too busy, unable to get response in less than 60 second(s)", .unavailable(after: nil),
                "too busy"
            ),
            (502, "<html>Bad gateway</html>", .unavailable(after: nil), "try again"),
            (504, "", .unavailable(after: nil), "try again"),
            (503, #"{"error":"Service Unavailable"}"#, .unavailable(after: nil), "try again later"),
            (429, #"{"error":"Rate limit reached"}"#, .rateLimited(after: nil), "limits requests"),
            (307, "", .settings, "HUGGINGFACE_BASE_URL"),
            (405, "", .settings, "HUGGINGFACE_FORM"),
            (418, "", .refused, "check the parameters"),
            (599, "", .unavailable(after: nil), "try again"),
        ] as [(Int, String, ProviderError.Kind, String)]
    )
    func maps(status: Int, body: String, kind: ProviderError.Kind, says: String) throws {
        let error = try error(ProviderReply(status: status, body: [UInt8](body.utf8)))

        #expect(error.kind == kind)
        #expect(error.message.contains(says))
        #expect(error.status == status)
    }

    @Test(
        "A loading model is one with an estimate, or one that says so",
        arguments: [
            (#"{"error":"Model x is currently loading","estimated_time":20.0}"#, 20.0),
            (#"{"error":"Model x is currently loading","estimated_time":300.9}"#, 300.9),
            (#"{"estimated_time":4}"#, 4),
            (#"{"error":"Model x is currently loading"}"#, nil),
            (#"{"error":"Model x is currently loading","estimated_time":-3}"#, nil),
            (#"{"error":"Model x is currently loading","estimated_time":1e300}"#, nil),
            (#"{"error":"Model x is currently loading","estimated_time":"20"}"#, nil),
            (#"{"error":"Model x is currently loading","estimated_time":null}"#, nil),
        ] as [(String, Double?)]
    )
    func knowsLoading(body: String, seconds: Double?) throws {
        let error = try error(ProviderReply(status: 503, body: [UInt8](body.utf8)))

        #expect(error.kind == .loading(estimate: seconds.map { .seconds($0) }))
    }

    @Test(
        "A rate limit is read in every form",
        arguments: [
            ("Retry-After", "7", 7), ("Retry-After", "Sat, 21 Nov 2026 10:00:30 GMT", 30),
            ("RateLimit", "\"api\";r=0;t=55", 55),
        ]
    )
    func readsLimit(name: String, value: String, seconds: Int) throws {
        let error = try error(ProviderReply(status: 429, headers: [ProviderHeader(name, value)]))

        #expect(error.kind == .rateLimited(after: .seconds(seconds)))
    }

    @Test func `a window with calls left is no limit`() throws {
        let error = try error(ProviderReply(status: 429, headers: [ProviderHeader("RateLimit", "\"api\";r=5;t=55")]))

        #expect(error.kind == .rateLimited(after: nil))
    }

    @Test func `a service that names its return is waited for`() throws {
        let error = try error(ProviderReply(status: 503, headers: [ProviderHeader("retry-after", "12")]))

        #expect(error.kind == .unavailable(after: .seconds(12)))
    }

    @Test func `without a token the advice is to set one`() throws {
        let error = try error(ProviderReply(status: 401), token: nil)

        #expect(error.message.contains("set HUGGINGFACE_API_KEY"))
    }

    @Test func `the token is not echoed, and the request id is kept`() throws {
        let reply = ProviderReply(
            status: 401,
            headers: [ProviderHeader("X-Request-ID", "abc-1")],
            body: [UInt8]("bad token hf_abcdefgh".utf8)
        )

        let error = try error(reply)

        #expect(!"\(error)".contains("abcdefgh"))
        #expect(error.requestID == "abc-1")
        #expect(
            error.description
                == "huggingface: the token was refused: make a new one with Inference permission at https://huggingface.co/settings/tokens (status 401 from hf-inference). It says: bad token [hidden]"
        )
    }
}
