import JSON
import Providers
import Testing

@testable import HFInference

struct HFErrorTextTests {
    private func read(_ body: String, _ headers: [ProviderHeader] = []) -> String? {
        HFErrorText.read(
            ProviderReply(status: 400, headers: headers, body: [UInt8](body.utf8)),
            token: try? HFToken("sk-0123456789")
        )
    }

    @Test(
        "The sentence is found in every form",
        arguments: [
            (#"{"error":"Model x does not exist"}"#, "Model x does not exist"),
            (#"{"error":["one","two"]}"#, "one; two"),
            (
                #"{"error":"unknown error","warnings":["CUDA out of memory","more"]}"#,
                "unknown error; CUDA out of memory; more"
            ),
            (#"{"error":{"message":"bad steps","type":"invalid"}}"#, "bad steps"),
            (#"{"error_description":"expired"}"#, "expired"),
            (#"{"errors":[{"message":"m1"},{"message":"m2"}]}"#, "m1; m2"),
            (#"{"detail":[{"loc":["a"],"msg":"field required"}]}"#, "field required"),
            (#"{"message":"plain"}"#, "plain"),
            (#"{"error":null,"message":"second"}"#, "second"),
            (#""just a string""#, "just a string"),
            ("Model too busy\r\n\u{1B}[31m  now", "Model too busy [31m now"),
        ]
    )
    func finds(body: String, text: String) { #expect(read(body) == text) }

    @Test(
        "Where there is none, none is found",
        arguments: [
            "", "  ", "<html><h1>502</h1></html>", "{\"error\":", "{}", "[]", "{\"error\":7}", "[[\"deep\"]]", "\u{0}",
        ]
    )
    func findsNone(body: String) { #expect(read(body) == nil) }

    @Test func `the Hub's header is preferred`() {
        #expect(
            read(#"{"error":"body"}"#, [ProviderHeader("x-error-message", "Repository not found")])
                == "Repository not found"
        )
    }

    @Test func `the text is bounded`() throws {
        let text = try #require(read(String(repeating: "ä", count: 100_000)))

        #expect(text.unicodeScalars.count == SaidText.scalarsMax + 3)
        #expect(text.hasSuffix("..."))
    }

    @Test func `a long text is cut between characters`() throws {
        let text = try #require(read("a" + String(repeating: "灯", count: 5000)))

        #expect(text.hasPrefix("a灯灯"))
    }

    @Test func `no token is told on`() {
        #expect(read(#"{"error":"key sk-0123456789 is bad"}"#) == "key [hidden] is bad")
        #expect(read("{\"error\":\"key sk-0123456789\u{301} is bad\"}") == "key [hidden]\u{301} is bad")
        #expect(read(#"{"error":"token hf_AbCdEfGh12 expired"}"#) == "token [hidden] expired")
        #expect(read(#"{"error":"hf_hub is old"}"#) == "hf_hub is old")
    }

    @Test func `a token at the end of what is shown is not shown in part`() throws {
        let text = try #require(read(String(repeating: "x", count: 293) + " sk-0123456789 and more"))

        #expect(!text.contains("sk-"))
    }

    @Test func `bytes that are no text are no sentence`() {
        let reply = ProviderReply(status: 500, body: [0x61, 0xC3, 0x28, 0xFF])

        #expect(HFErrorText.read(reply, token: nil) == nil)
    }
}
