import JSON
import Providers
import Testing

@testable import Generate

struct RunReplyTests {
    private func reply(_ kind: ProviderError.Kind, _ state: JSONValue? = nil) -> RunReply {
        RunReply(.failure(ProviderError(provider: "p", kind: kind, message: "m")), state: RunReply.State(state))
    }

    @Test func `a limit waits as long as the provider says`() throws {
        guard case .refusal(429, 7, let problem) = reply(.rateLimited(after: .seconds(7))) else {
            return #expect(Bool(false), "not a wait of 7 s")
        }
        #expect(problem["code"] == "provider_rate_limited")
        #expect(problem["state"] == nil)
    }

    @Test func `waits for a model without an estimate grow over runs`() throws {
        var state: JSONValue?
        var waited: [Int?] = []
        for _ in 0..<5 {
            guard case .refusal(503, let seconds, let problem) = reply(.loading(estimate: nil), state) else {
                return #expect(Bool(false), "no wait")
            }
            waited.append(seconds)
            state = problem["state"]
        }

        #expect(waited == [1, 2, 4, 8, 8])
    }

    @Test func `a provider that works on it is asked again with its state`() {
        let answer = ProviderAnswer.later(after: .milliseconds(1500), state: ["id": "abc"])

        let reply = RunReply(.success(answer), state: RunReply.State())

        #expect(reply == .later(seconds: 2, state: ["provider": ["id": "abc"]]))
        #expect(RunReply.State(["provider": ["id": "abc"]]).provider == ["id": "abc"])
    }

    @Test(
        "A state from a broken job file does no harm",
        arguments: [nil, 7, ["waits": "x"], ["waits": -3]] as [JSONValue?]
    )
    func survivesState(json: JSONValue?) { #expect(RunReply.State(json).waits == 0) }
}
