import Testing

@testable import Secrets

struct TokenKeysTests {
    private let first = "0123456789abcdef0123456789abcdefffeeddccbbaa99887766554433221100"
    private let second = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    private let token = SecretValue("rw_callersOwnToken01")

    private func keys(_ text: String) throws -> TokenKeys { try TokenKeys(SecretValue(text)) }

    @Test func `a token opens for its caller and provider alone`() throws {
        let keys = try keys(first)

        let sealed = keys.seal(token, owner: "key:a u1", provider: "runware")

        #expect(keys.open(sealed, owner: "key:a u1", provider: "runware") == token)
        #expect(keys.open(sealed, owner: "key:a u2", provider: "runware") == nil)
        #expect(keys.open(sealed, owner: "key:a u1", provider: "openai") == nil)
    }

    @Test func `the first key seals, all open, and what an old one has sealed is known as old`() throws {
        let old = try keys(first)
        let sealed = old.seal(token, owner: "a", provider: "p")

        let rotated = try keys("\(second), \(first)")
        let renewed = rotated.seal(token, owner: "a", provider: "p")

        #expect(rotated.open(sealed, owner: "a", provider: "p") == token)
        #expect(rotated.isOld(sealed) && !rotated.isOld(renewed) && !old.isOld(sealed))
        #expect(try keys(second).open(renewed, owner: "a", provider: "p") == token)
    }

    @Test func `a wrong key opens nothing and knows that it has not sealed it`() throws {
        let sealed = try keys(first).seal(token, owner: "a", provider: "p")
        let wrong = try keys(second)

        #expect(wrong.open(sealed, owner: "a", provider: "p") == nil)
        #expect(!wrong.know(sealed))
        let renamed = TokenKeys.Sealed(key: wrong.seal(token, owner: "a", provider: "p").key, box: sealed.box)
        #expect(wrong.open(renamed, owner: "a", provider: "p") == nil)
    }

    @Test(
        "A setting that is no list of keys says what to write, and not what it holds",
        arguments: [
            ("secretish", "not 32 bytes"), ("", "0 keys"), (" , ", "0 keys"),
            (String(repeating: "0", count: 64), "not random"),
            (
                Array(repeating: "0123456789abcdef0123456789abcdefffeeddccbbaa99887766554433221100", count: 9).joined(
                    separator: " "
                ), "9 keys"
            ),
            ("0123456789abcdef0123456789abcdefffeeddccbbaa99887766554433221100 secretish", "key 2 of EDGE_TOKEN_KEY"),
        ]
    )
    func mistakes(text: String, says: String) {
        let mistake = #expect(throws: TokenKeys.Mistake.self) { try keys(text) }

        #expect(mistake?.description.contains(says) == true, "\(mistake?.description ?? "")")
        #expect(mistake?.description.contains("secretish") == false)
    }

    @Test func `keys print nothing of themselves`() throws {
        let keys = try keys(first)
        var dumped = ""
        dump(keys, to: &dumped)

        #expect(!"\(keys) \(dumped)".contains("0123"))
    }
}
