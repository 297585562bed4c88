import HFInference
import Testing

struct HFModelIDTests {
    @Test("Names of the Hub are taken", arguments: ["black-forest-labs/FLUX.1-schnell", "gpt2", "a/b", "a_b/c-d.e1"])
    func takes(text: String) throws { #expect(try HFModelID(text).text == text) }

    @Test(
        "Names that could lead elsewhere are refused",
        arguments: [
            "", "/", "a/", "/b", "a/b/c", "..", "../b", "a/..", "a/./b", "./b", "a/.", "a..b/c", "a/b?x=1", "a/b#c",
            "a/b c", "a/b\n", "a/b\u{0}", "a%2Fb", "a/b\\c", "http://evil/a", "ä/b", "a/b:v1", "a@b/c",
            String(repeating: "a", count: 201),
        ]
    )
    func refuses(text: String) { #expect(throws: HFModelIDError.self) { try HFModelID(text) } }

    @Test func `the refusal shows the name on one line`() {
        let error = #expect(throws: HFModelIDError.self) { try HFModelID("a\n\u{1B}b?") }

        #expect(
            error?.description
                == "the model name \"a  b?\" cannot be used: it may hold letters, digits, \"-\", \"_\", \".\" and one \"/\""
        )
    }
}
