import Secrets
import Testing

struct EnvQuotingTests {
    static let values = [
        "", " ", "plain-1_.:/@%+,=", "=x", "#c", "x # y", "a b", "it's", "\"", "'", "\\", "\\'", "c:\\", "a\nb",
        "a\r\nb", "\r",
        "${HOME}", "$HOME", "\\${HOME}", "'${HOME}\n'", "`x`", "\u{FEFF}", "\u{A0}", "\u{20AC}\u{1F511}", "e\u{301}",
        "\t", "\u{0B}\u{0C}\u{07}\u{08}", "export A=1", "\\n", "\\\n", "{\"a\": \"b\\n\"}", "x\\", "'\\", "\"\\\"", "$",
        "${", "}",
    ]

    @Test(arguments: values)
    func `a quoted value reads back as it was, between other lines`(value: String) throws {
        let quoted = try #require(EnvQuoting.quoted(value))
        let text = "HOME=x\nA=\(quoted)\nB=\(quoted) # comment\nC=3\n"

        let file = try EnvFile.parse(Array(text.utf8), name: ".env", environment: ["HOME": "/root"])

        #expect(file.diagnostics.isEmpty)
        for name in ["A", "B"] {
            #expect(file[name]?.reveal().unicodeScalars.elementsEqual(value.unicodeScalars) == true)
        }
        #expect(file["C"]?.reveal() == "3")
        #expect(!quoted.contains("\n"))
    }

    @Test func `every pair of awkward characters reads back`() throws {
        let awkward = ["\\", "'", "\"", "$", "{", "}", "\n", "\r", " ", "#", "=", "n", "\u{E9}", ":-"]
        for first in awkward {
            for second in awkward {
                for third in awkward {
                    let value = first + second + third
                    let quoted = try #require(EnvQuoting.quoted(value))

                    let file = try EnvFile.parse(Array("A=\(quoted)".utf8), name: ".env", environment: ["n": "bad"])

                    #expect(file["A"]?.reveal().utf8.elementsEqual(value.utf8) == true)
                }
            }
        }
    }

    @Test func `a NUL cannot be written`() {
        #expect(EnvQuoting.quoted("a\u{0}b") == nil)
    }
}
