import JSON
import Testing

@testable import Providers

struct ProviderErrorTests {
    private func answer(_ kind: ProviderError.Kind) -> ProviderError.Answer {
        ProviderError(provider: "huggingface", kind: kind, message: "it happened; do that").answer
    }

    @Test(
        "What another attempt cannot mend is final",
        arguments: [
            (ProviderError.Kind.refused, 400), (.credentials, 424), (.permission, 424), (.payment, 402),
            (.notFound, 404), (.tooLarge, 424), (.settings, 424),
        ]
    )
    func isFinal(kind: ProviderError.Kind, status: Int) {
        #expect(answer(kind).status == status)
        #expect(answer(kind).retryAfter == nil)
    }

    @Test(
        "What another attempt may mend is a failed attempt",
        arguments: [ProviderError.Kind.unavailable(after: nil), .badAnswer, .network]
    )
    func isAttempt(kind: ProviderError.Kind) {
        #expect(answer(kind).status == 502)
        #expect(answer(kind).retryAfter == nil)
    }

    @Test(
        "A rate limit waits as long as it says, in whole seconds rounded up",
        arguments: [(7000, 7), (6001, 7), (0, 1), (86_400_000, 86400)]
    )
    func waitsForLimit(milliseconds: Int, seconds: Int) {
        let answer = answer(.rateLimited(after: .milliseconds(milliseconds)))

        #expect(answer.status == 429)
        #expect(answer.retryAfter == seconds)
    }

    @Test("A loading model is asked again within 1 to 10 s", arguments: [(20_000, 10), (300, 1), (4200, 5), (-5, 1)])
    func waitsForLoading(milliseconds: Int, seconds: Int) {
        let answer = answer(.loading(estimate: .milliseconds(milliseconds)))

        #expect(answer.status == 503)
        #expect(answer.retryAfter == seconds)
        #expect(answer.problem["estimate"]?.double == Double(milliseconds) / 1000)
    }

    @Test func `without an estimate the waits for a model are the host's own`() {
        #expect(answer(.loading(estimate: nil)).status == 503)
        #expect(answer(.loading(estimate: nil)).retryAfter == nil)
        #expect(answer(.loading(estimate: nil)).problem["loading"] == true)
    }

    @Test func `a rate limit without a time is left to the host's own backoff`() {
        #expect(answer(.rateLimited(after: nil)).status == 429)
        #expect(answer(.rateLimited(after: nil)).retryAfter == nil)
    }

    @Test func `a provider that names its return is waited for`() {
        #expect(answer(.unavailable(after: .seconds(30))).status == 503)
        #expect(answer(.unavailable(after: .seconds(30))).retryAfter == 30)
    }

    @Test func `the problem says who, what and what to do`() {
        let error = ProviderError(
            provider: "huggingface",
            kind: .credentials,
            message: "the token was refused; make a new one",
            status: 401,
            requestID: "2rwq"
        )

        let problem = error.answer.problem

        #expect(problem["detail"] == "huggingface: the token was refused; make a new one")
        #expect(problem["code"] == "provider_credentials")
        #expect(problem["status"] == 424)
        #expect(problem["providerStatus"] == 401)
        #expect(problem["providerRequestId"] == "2rwq")
    }
}
