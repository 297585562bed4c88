import Testing

@testable import Providers

struct CallFailureTests {
    private func failure(_ reason: TransportError.Reason, result: Bool = false) -> CallFailure {
        let call = ProviderCall(
            method: "GET",
            url: "http://provider.example/v1",
            answerBytesMax: 2 << 20,
            timeout: .seconds(5),
            headTimeout: .seconds(2),
            target: result ? .result : .provider
        )
        return CallFailure(TransportError(reason), call, of: "the image", at: "painter", "PAINTER_BASE_URL")
    }

    @Test(
        "Each failure says what to do, and whether to ask again",
        arguments: [
            (.network("connection reset"), false, true, .network, "the image did not come: connection reset"),
            (
                .timeout, false, true, .network,
                "the image did not come within 5.0 seconds, or did not begin within 2.0 seconds"
            ),
            (.tooLarge, false, false, .tooLarge, "the image has more than the 2 MiB allowed: ask for a smaller size"),
            (.address("no such host"), false, false, .settings, "no such host; check PAINTER_BASE_URL"),
            (.address("10.0.0.1 is private"), true, false, .settings, "results.allow"),
            (.canceled, false, false, .canceled, "canceled"),
        ] as [(TransportError.Reason, Bool, Bool, ProviderError.Kind, String)]
    )
    func tells(
        reason: TransportError.Reason,
        isResult: Bool,
        isPassing: Bool,
        kind: ProviderError.Kind,
        text: String
    ) {
        let failure = failure(reason, result: isResult)

        for isBegun in [false, true] {
            let error = failure.error(isBegun: isBegun)
            #expect(error.kind == kind && error.mayBePaid == isBegun && error.provider == "painter")
            #expect(error.message.contains(text), "\(error.message)")
        }
        #expect(failure.isPassing == isPassing)
    }
}
