// Which prompts a policy refuses.
import Callers
import FileReading
import Testing

@testable import Limits

struct PromptPolicyTests {
    private let stranger = Caller(id: "ip:192.0.2.1")

    private func policy(_ text: String) throws(FileMistakes) -> PromptPolicy {
        try PromptPolicy(Array(text.utf8), file: "policy.txt")
    }

    private func refuses(_ text: String, _ prompt: String, _ caller: Caller? = nil) throws -> Bool {
        try policy(text).refuses(prompt, of: caller ?? stranger)
    }

    @Test(arguments: [
        ("a BAD dog", true), ("a baddog", false), ("ba\u{301}d", true), ("b\u{e4}d!", true), ("b\u{200b}ad", true),
        ("\u{ff42}\u{ff41}\u{ff44} things", true), ("badly", false), ("", false), ("dog,bad", true),
        ("bad-tempered", true),
    ])
    func `a word is found whole, whatever its case and accents`(prompt: String, isRefused: Bool) throws {
        #expect(try refuses("bad", prompt) == isRefused)
    }

    @Test(arguments: [
        ("very bad dog", "a very, BAD dog", true), ("very bad dog", "very bad", false), ("nud*", "nudity", true),
        ("nud*", "nude", true), ("nud*", "anude", false), ("*crypt*", "uncrypted", true), ("b?d", "bed", true),
        ("b?d", "bd", false), ("real * face", "the real big face", true), ("real * face", "the real face", false),
        ("a*b*c", "axxbyyc", true), ("a*b*c", "axxcyyb", false), ("# bad", "bad", false),
        ("Stra\u{df}e", "STRASSE", false),
    ])
    func `phrases and patterns`(entry: String, prompt: String, isRefused: Bool) throws {
        #expect(try refuses(entry, prompt) == isRefused, "\(entry) in \(prompt)")
    }

    @Test func `sections hold for their tiers and groups, and what is above them for all`() throws {
        let text = "one\n[tier free, premium]\ntwo\n[group 8012, g2]\nthree\nnsfw = no\n[all]\nfour\n"
        let pro = Caller(id: "key:a", tier: .pro, isKnown: true, group: "8012")

        for word in ["one", "four"] {
            #expect(try refuses(text, word))
            #expect(try refuses(text, word, pro))
        }
        #expect(try refuses(text, "two"))
        #expect(try !refuses(text, "two", pro))
        #expect(try refuses(text, "three", pro))
        #expect(try !refuses(text, "three"))
        #expect(try policy(text).forbidsNSFW(pro))
        #expect(try !policy(text).forbidsNSFW(stranger))
        #expect(try !policy("# nothing\n\n[tier free]\n").refuses("anything", of: stranger))
    }

    @Test(arguments: [
        ("ok\n***", 2, "fits every prompt"), ("\n\n!!", 3, "no letter"), ("[tier gold]", 1, "premium"),
        ("[tier]", 1, "nobody"),
        ("[group a b]", 1, "no name of a group"), ("[vip]", 1, "no section"), ("[all", 1, "no ]"),
        ("nsfw = yes", 1, "nsfw = no"),
        (String(repeating: "x", count: 201), 1, "200 characters"),
    ])
    func `a mistake is told with its line`(text: String, line: Int, part: String) throws {
        do {
            _ = try policy(text)
            Issue.record("no mistake in \(text)")
        } catch {
            #expect(error.errors.count == 1)
            #expect(error.errors.first?.line == line)
            #expect(error.description.hasPrefix("policy.txt:\(line): "))
            #expect(error.description.contains(part), "\(error)")
        }
    }

    @Test func `too much is refused, and a long prompt is compared quickly`() throws {
        let many = (0...PromptPolicy.patternsMax).map { "x\($0)*" }.joined(separator: "\n")
        #expect(throws: FileMistakes.self) { try policy(many) }
        #expect(throws: FileMistakes.self) {
            try policy((0...PromptPolicy.entriesMax).map { "w\($0)" }.joined(separator: "\n"))
        }
        let greedy = try policy((0..<100).map { "*a*a*a*a*a*b\($0)" }.joined(separator: "\n"))
        #expect(!greedy.refuses(String(repeating: "a", count: 2000), of: stranger))
        #expect(throws: FileMistakes.self) { try PromptPolicy([0xff, 0xfe], file: "policy.txt") }
    }
}
