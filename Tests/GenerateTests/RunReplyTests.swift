import JSON
import Providers
import Testing

@testable import Generate

struct RunReplyTests {
    private func reply(_ kind: ProviderError.Kind) -> RunReply {
        RunReply(.failure(ProviderError(provider: "p", kind: kind, message: "m")))
    }

    @Test func `a limit waits as long as the provider says`() throws {
        guard case .refusal(429, 7, let problem) = reply(.rateLimited(after: .seconds(7))) else {
            return #expect(Bool(false), "not a wait of 7 s")
        }
        #expect(problem["code"] == "provider_rate_limited")
        #expect(problem["state"] == nil)
    }

    @Test func `a loading model leaves no state, for nobody works on the job`() {
        guard case .refusal(503, nil, let problem) = reply(.loading(estimate: nil)) else {
            return #expect(Bool(false), "no wait")
        }
        #expect(problem["state"] == nil)
        #expect(problem["loading"] == true)
    }

    @Test func `a provider that works on it is asked again with its state`() {
        let answer = ProviderAnswer.later(after: .milliseconds(1500), state: ["id": "abc"])

        let reply = RunReply(.success(answer))

        #expect(reply == .later(seconds: 2, state: ["provider": ["id": "abc"]]))
        #expect(RunReply.State(["provider": ["id": "abc"]]).provider == ["id": "abc"])
    }

    @Test func `a task that is over clears its state, and what only one provider cannot do says so`() {
        let error = ProviderError(provider: "p", kind: .unavailable(after: nil), message: "m")
        for (error, member, value) in [
            (error.over, "state", JSONValue.null), (error.unfit, "unfit", true), (error.perhapsPaid, "mayBePaid", true),
        ] {
            guard case .refusal(_, _, let problem) = RunReply(.failure(error)) else {
                return #expect(Bool(false), "no refusal")
            }
            #expect(problem[member] == value)
        }
    }

    @Test("A state from a broken job file does no harm", arguments: [nil, 7, ["waits": "x"]] as [JSONValue?])
    func survivesState(json: JSONValue?) { #expect(RunReply.State(json).provider == nil) }
}
