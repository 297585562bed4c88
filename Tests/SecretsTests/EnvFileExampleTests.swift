import Secrets
import Testing

/// Every worked example of the grammar, and the rows of its table that it decides.
struct EnvFileExampleTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let text: String
        let values: [String: String]
        var lines: [Int] = []
        var testDescription: String { text.debugDescription }

        init(_ text: String, _ values: [String: String], malformed lines: [Int] = []) {
            self.text = text
            self.values = values
            self.lines = lines
        }
    }

    static let comments = [
        Example("A=1 # c", ["A": "1"]),
        Example("A=1#c", ["A": "1#c"]),
        Example("A=#c", ["A": "#c"]),
        Example("A= #c", ["A": ""]),
        Example("A=1\t#c", ["A": "1"]),
        Example("A=1 2 # c # d", ["A": "1 2"]),
        Example("A=a # b", ["A": "a"]),
        Example("# A=1\n  # B=2\nC=3", ["C": "3"]),
        Example("A # c", [:]),
        Example("A#c", [:]),
        Example("A=\"1\"# c\nB='2' # c", ["A": "1", "B": "2"]),
        Example("A=\"1 # c\"", ["A": "1 # c"]),
        Example(";A=1", [:], malformed: [1]),
    ]

    static let quotes = [
        Example(#"A="a\nb\q\"c\"""#, ["A": "a\nb\\q\"c\""]),
        Example(#"A="\r\t\b\f\v\a\\\'\$""#, ["A": "\r\t\u{08}\u{0C}\u{0B}\u{07}\\'$"]),
        Example(#"A='a\nb'"#, ["A": #"a\nb"#]),
        Example(#"A='it\'s'"#, ["A": "it's"]),
        Example(#"A='c:\\'"#, ["A": #"c:\"#]),
        Example("A='c:\\'\nB=2", ["B": "2"], malformed: [1]),
        Example("A=\"x\ny\"\nB=2", ["A": "x\ny", "B": "2"]),
        Example("A='x\ny'\nB=2", ["A": "x\ny", "B": "2"]),
        Example("A=\"1\nB=\"s\"\nC=3", ["C": "3"], malformed: [2]),
        Example("A=\"1\"x\nB=2", ["B": "2"], malformed: [1]),
        Example("A=\"1\" \"2\"\nB=2", ["B": "2"], malformed: [1]),
        Example("A=x\\\nB=2", ["A": "x\\", "B": "2"]),
        Example("A=\"x\\\ny\"", ["A": "x\\\ny"]),
        Example("A=`x y`", ["A": "`x y`"]),
        Example("A=\"\"\nB=''", ["A": "", "B": ""]),
        Example("A=x\"y\"'z'", ["A": "x\"y\"'z'"]),
        Example("A=\"x", [:], malformed: [1]),
        Example("A=\"x\\", [:], malformed: [1]),
        Example("A='x\nB='y\nC=3", ["C": "3"], malformed: [2]),
    ]

    static let references = [
        Example("A=$OUTER", ["A": "$OUTER"]),
        Example("A=${OUTER}", ["A": "outer"]),
        Example("A='${OUTER}'", ["A": "${OUTER}"]),
        Example(#"A="\${OUTER}""#, ["A": "${OUTER}"]),
        Example(#"A="${OUTER}/x""#, ["A": "outer/x"]),
        Example("A=${EMPTY:-d}", ["A": "d"]),
        Example("A=[${EMPTY}]", ["A": "[]"]),
        Example("A=${NOPE:-d e}", ["A": "d e"]),
        Example("A=[${NOPE}]", ["A": "[]"]),
        Example("A=${NOPE:-}", ["A": ""]),
        Example("A=${NOPE:-${OUTER}}", ["A": "${OUTER}"]),
        Example("OUTER=file\nA=${OUTER}", ["OUTER": "file", "A": "outer"]),
        Example("A=1\nB=${A}\nA=2", ["A": "2", "B": "1"]),
        Example("A=${B}\nB=1", ["A": "", "B": "1"]),
        Example("A=$2b$10$abc", ["A": "$2b$10$abc"]),
        Example("A=${}${1}${A+x}${A:x}${", ["A": "${}${1}${A+x}${A:x}${"]),
        Example("A='${OUTER}'\nB=${A}", ["A": "${OUTER}", "B": "${OUTER}"]),
        Example(#"A="\${NOPE:-x}${NOPE:-\$y}""#, ["A": "${NOPE:-x}$y"]),
        Example("O-X=1\nA=${O-X}", ["O-X": "1", "A": "1"]),
    ]

    static let names = [
        Example("export A = \"1\"", ["A": "1"]),
        Example("export\tA=1", ["A": "1"]),
        Example("export=1\nexported=2", ["export": "1", "exported": "2"]),
        Example("A = 1 ", ["A": "1"]),
        Example("A\nB=", ["B": ""]),
        Example("A.b-c_9=1\n_=2", ["A.b-c_9": "1", "_": "2"]),
        Example("A=1\nA=2", ["A": "2"]),
        Example("a: 1\n[section]\nA B=1\n=x", [:], malformed: [1, 2, 3, 4]),
        Example("1A=1\nA/B=1\nA[0]=1\nA+=1\n'A'=1\n\u{C4}B=1\nC=3", ["C": "3"], malformed: [1, 2, 3, 4, 5, 6]),
    ]

    static let bytes = [
        Example("", [:]),
        Example("\u{FEFF}A=1", ["A": "1"]),
        Example("A=1\r\nB=2\rC=3\r\n", ["A": "1", "B": "2", "C": "3"]),
        Example("A=\"x\r\ny\rz\"", ["A": "x\ny\nz"]),
        Example("\r\rx y\r\n", [:], malformed: [3]),
        Example("A=\u{A0}x\u{A0}\u{2003}", ["A": "\u{A0}x\u{A0}\u{2003}"]),
        Example("\u{0B}A\u{0C}=\u{0B}1\u{0C}", ["A": "1"]),
        Example("A=\u{20AC} \u{1F511}", ["A": "\u{20AC} \u{1F511}"]),
        Example("A=pa#ss", ["A": "pa#ss"]),
    ]

    @Test(arguments: [comments, quotes, references, names, bytes].flatMap { $0 })
    func `each example means what the grammar says`(example: Example) throws {
        let environment = ["OUTER": "outer", "EMPTY": ""]

        let file = try EnvFile.parse(Array(example.text.utf8), name: ".env", environment: environment)

        let values = file.assignments.map { ($0.name, $0.value.reveal()) }
        #expect(Dictionary(uniqueKeysWithValues: values) == example.values)
        #expect(file.diagnostics.map(\.line) == example.lines)
    }
}
