import Secrets
import Testing

struct RedactorTests {
    private func redactor(_ secrets: KeyValuePairs<String, String>) -> Redactor {
        Redactor(secrets.map { ($0.key, SecretValue($0.value)) })
    }

    @Test func `every occurrence is replaced by the secret's name`() {
        let redactor = redactor(["KEY": "hunter2!", "OTHER": "correct horse"])

        let text = redactor.redact("a hunter2!hunter2! b correct horse, hunter2 \u{20AC}")

        #expect(text == "a [KEY][KEY] b [OTHER], hunter2 \u{20AC}")
    }

    @Test func `the longest secret wins`() {
        let redactor = redactor(["SHORT": "abcdef", "LONG": "abcdefghij", "MIDDLE": "abcdefgh"])

        #expect(redactor.redact("abcdefghij abcdefghi abcdefg xabcdefghij") == "[LONG] [MIDDLE]i [SHORT]g x[LONG]")
    }

    @Test(arguments: [
        ("in a URL", "p%40ss%2Fw%20rd%21%2B%22"), ("in a URL, small digits", "p%40ss%2fw%20rd%21%2b%22"),
        ("as JavaScript writes it", "p%40ss%2Fw%20rd!%2B%22"), ("in a form", "p%40ss%2Fw+rd%21%2B%22"),
        ("in JSON", #"p@ss/w rd!+\""#), ("in JSON with escaped slashes", #"p@ss\/w rd!+\""#),
        ("in base64", "cEBzcy93IHJkISsi"),
    ])
    func `other forms are replaced too`(form: String, text: String) {
        let redactor = redactor(["KEY": "p@ss/w rd!+\""])

        #expect(redactor.redact("x=\(text)&y") == "x=[KEY]&y", "\(form)")
    }

    @Test func `base64 of a longer text hides the secret inside`() {
        let redactor = redactor(["KEY": "hunter2-hunter3"])
        let user = ["dXNlcjpodW50ZXIyLWh1bnRlcjM=", "dXNlcnM6aHVudGVyMi1odW50ZXIz", "dTpodW50ZXIyLWh1bnRlcjM6eA=="]

        for text in user {
            let redacted = redactor.redact("Basic \(text)")
            #expect(redacted.contains("[KEY]"))
            #expect(!redacted.contains("VudGVy") && !redacted.contains("udW50ZX") && !redacted.contains("bnRlcj"))
        }
    }

    @Test func `JSON with only ASCII hides a secret with other letters`() {
        let redactor = redactor(["KEY": "gr\u{FC}n\u{1F511}xyz"])

        #expect(redactor.redact(#"{"k": "gr\u00fcn\ud83d\udd11xyz"}"#) == #"{"k": "[KEY]"}"#)
    }

    @Test func `the lines of a secret are hidden one by one`() {
        let redactor = redactor(["PEM": "-----BEGIN KEY-----\nMIIEvgIBADANBgkqhkiG\nabc\n-----END KEY-----"])

        #expect(redactor.redact("line MIIEvgIBADANBgkqhkiG end abc") == "line [PEM] end abc")
    }

    @Test func `a secret shorter than six characters is left alone`() {
        #expect(redactor(["KEY": "abcde"]).redact("abcde") == "abcde")
        #expect(redactor(["KEY": "abcdef"]).redact("abcdef") == "[KEY]")
        #expect(redactor(["KEY": ""]).isEmpty)
        #expect(Redactor.none.redact("abcdef") == "abcdef")
    }

    @Test func `two names with one value are replaced by the first of them`() {
        #expect(redactor(["B": "abcdef", "A": "abcdef"]).redact("abcdef") == "[A]")
    }

    @Test func `a long secret is hidden also where the line was cut`() {
        let long = (0..<200).map { "\($0 * 7919 % 1000)" }.joined()
        let redactor = redactor(["KEY": long])

        #expect(redactor.redact("x \(long) y") == "x [KEY] y")
        #expect(redactor.redact("x \(long.prefix(100))") == "x [KEY]")
        #expect(redactor.redact("x \(long.prefix(64))!") == "x [KEY]!")
        #expect(redactor.redact("x \(long.prefix(63))") == "x \(long.prefix(63))")
    }

    @Test func `of long secrets with one beginning each is followed to its own end`() {
        let head = String(repeating: "abcdefgh", count: 12)
        let redactor = redactor(["ONE": head + "11111111tail1", "TWO": head + "22222222tail2"])

        #expect(redactor.redact("\(head)22222222tail2 \(head)11111111tail1") == "[TWO] [ONE]")
    }

    @Test func `bytes that are not UTF-8 stay as they are around a secret`() {
        let redactor = redactor(["KEY": "hunter2"])

        #expect(redactor.redact([0xFF] + Array("hunter2".utf8) + [0xC3]) == [0xFF] + Array("[KEY]".utf8) + [0xC3])
    }

    @Test func `text full of beginnings of long secrets takes time by its length`() {
        let redactor = redactor([
            "A": String(repeating: "a", count: 40_000) + "b", "B": String(repeating: "ab", count: 20_000),
        ])
        let text = String(repeating: "a", count: 63) + "c"

        let redacted = redactor.redact(String(repeating: text, count: 2_000))

        #expect(redacted.utf8.count == 128_000)
    }
}

struct RedactingStreamTests {
    private let redactor = Redactor([
        ("KEY", SecretValue("hunter2-abc")), ("SHORT", SecretValue("hunter2")),
        ("LONG", SecretValue((0..<50).map { "\($0 * 7919 % 1000)" }.joined())),
    ])

    @Test func `a cut at any place changes nothing`() {
        let long = (0..<50).map { "\($0 * 7919 % 1000)" }.joined()
        let text = Array("a hunter2 b hunter2-abc c hunter2-ab\n\(long) \(long.prefix(70))x hunthunter2\(long)".utf8)
        let expected = redactor.redact(text)

        for first in stride(from: 0, through: text.count, by: 3) {
            for second in stride(from: first, through: text.count, by: 7) {
                var stream = RedactingStream(redactor)
                var output: [UInt8] = []
                for piece in [text[..<first], text[first..<second], text[second...]] {
                    stream.push(Array(piece), into: &output)
                }
                stream.finish(into: &output)
                #expect(output == expected)
                #expect(!stream.isHolding)
            }
        }
    }

    @Test func `byte by byte it is the same`() {
        let text = Array("x hunter2-abhunter2-abc hunter".utf8)
        var stream = RedactingStream(redactor)
        var output: [UInt8] = []

        for byte in text { stream.push([byte], into: &output) }
        stream.finish(into: &output)

        #expect(String(decoding: output, as: UTF8.self) == "x [SHORT]-ab[KEY] hunter")
    }

    @Test func `only what may become a secret is held back`() {
        var stream = RedactingStream(redactor)
        var output: [UInt8] = []

        stream.push(Array("line one\nhun".utf8), into: &output)
        let early = String(decoding: output, as: UTF8.self)
        let wasHolding = stream.isHolding
        stream.push(Array("dred\n".utf8), into: &output)

        #expect(early == "line one\n")
        #expect(wasHolding)
        #expect(String(decoding: output, as: UTF8.self) == "line one\nhundred\n")
        #expect(!stream.isHolding)
    }

    @Test func `without secrets everything goes straight through`() {
        var stream = RedactingStream(.none)
        var output: [UInt8] = []

        stream.push(Array("abc".utf8), into: &output)

        #expect(output == Array("abc".utf8))
        #expect(!stream.isHolding)
    }
}
