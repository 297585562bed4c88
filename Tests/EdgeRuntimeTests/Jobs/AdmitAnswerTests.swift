import EdgeHTTP
import Testing

@testable import EdgeRuntime

struct AdmitAnswerTests {
    @Test func `a ticket tells input, key, lane, price and whether a new result is wanted`() throws {
        let body = #"{"input":{"prompt":"x"},"key":"k","lane":"hf","price":1900,"accept":"image/*","fresh":true}"#

        guard case .ticket(let ticket) = try answer(200, body) else { return #expect(Bool(false), "no ticket") }

        #expect(ticket.input == Array(#"{"prompt":"x"}"#.utf8))
        #expect(ticket.lanes.lanes.map(\.name) == ["hf"])
        #expect(ticket.price == 1900)
        #expect(ticket.isFresh)
    }

    @Test func `equal keys of two functions are two keys`() throws {
        #expect(AdmitAnswer.cacheKey("k", "a") != AdmitAnswer.cacheKey("k", "b"))
    }

    @Test func `a 4xx is the caller's answer`() throws {
        #expect(
            try answer(400, #"{"detail":"no"}"#)
                == .refused(status: 400, contentType: nil, retryAfter: nil, body: Array(#"{"detail":"no"}"#.utf8))
        )
    }

    @Test(
        "What the protocol does not know is the function's mistake",
        arguments: [
            (200, ""), (200, "[]"), (200, #"{"input":1,"key":null}"#), (200, #"{"input":{},"key":7}"#),
            (200, #"{"input":{},"key":""}"#), (302, ""), (500, "{}"),
        ]
    )
    func mistakes(status: Int, body: String) {
        #expect(throws: IsolateError.self) { try answer(status, body) }
    }

    private func answer(_ status: Int, _ body: String) throws(IsolateError) -> AdmitAnswer {
        try AdmitAnswer(status: status, headers: [:], body: Array(body.utf8), function: "f")
    }
}
