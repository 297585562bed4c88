import FileReading
import JSON
import Testing

struct MoneyTextTests {
    @Test(
        arguments: [
            ("$30", 30_000_000), ("$0.05", 50_000), ("$0.000001", 1), ("$0", 0), ("$1000000000", 1_000_000_000_000_000),
        ] as [(String, Int64)]
    )
    func `dollars are read to the millionth`(text: String, micro: Int64) { #expect(MoneyText.read(text) == micro) }

    @Test(arguments: ["30", "$", "$.5", "$5.", "$1,000", "$-1", "$0.0000001", "30$", "$1000000001", "$ 5", "$1.2.3"])
    func `anything else is no money`(text: String) { #expect(MoneyText.read(text) == nil) }

    @Test(
        arguments: [
            (30_000_000, "$30.00"), (1900, "$0.0019"), (50_000, "$0.05"), (1, "$0.000001"), (0, "$0.00"),
            (-5_000_000, "-$5.00"), (10_500_000, "$10.50"),
        ] as [(Int64, String)]
    )
    func `it is written short and exact`(micro: Int64, text: String) { #expect(MoneyText.text(of: micro) == text) }

    @Test func `a mistake says what may stand there`() {
        let file = #"{"a": "$5", "b": 70, "c": null, "d": "5 dollars", "e": -1, "f": true}"#
        do {
            _ = try FileSection.readingRoot(of: Array(file.utf8), file: "f.json", example: "{}") { section in
                #expect(section.money("a") == 5_000_000)
                #expect(section.money("b") == 70)
                #expect(section.money("c") == nil)
                for key in ["d", "e", "f"] { #expect(section.money(key) == nil) }
            }
            Issue.record("it was taken")
        } catch {
            #expect(error.errors.map(\.key) == ["d", "e", "f"])
            #expect(error.errors.allSatisfy { $0.reason.contains(#"such as "$30""#) })
        }
    }
}
