import CivilTime
import JSON
import Signatures
import TestSupport
import Testing

@testable import Callers

struct JWTVerifierTests {
    private let now = Timestamp(milliseconds: 1_800_000_000_000)
    private let seconds: Int64 = 1_800_000_000

    private func verifier(secret: Bool = true, keys: Bool = true) throws -> JWTVerifier {
        JWTVerifier(
            secret: secret ? Array(TokenSamples.secret.utf8) : nil,
            keys: keys ? try JWTKeySet(Array(TokenSamples.keySet.utf8)) : JWTKeySet()
        )
    }

    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private func encoded(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            let bits = part.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - part.count))
            for place in 0...part.count { text.append(Self.letters[bits >> (18 - 6 * place) & 63]) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private func token(
        _ claims: JSONObject,
        header: JSONObject = ["alg": "HS256"],
        key: [UInt8] = Array(TokenSamples.secret.utf8)
    ) -> String {
        let message = encoded(header.encoded()) + "." + encoded(claims.encoded())
        return message + "." + encoded(HMACSHA256.code(of: Array(message.utf8), key: key) ?? [])
    }

    private func claims(_ more: JSONObject = [:]) -> JSONObject {
        var claims: JSONObject = ["sub": "u1", "role": "authenticated", "exp": .integer(seconds + 600)]
        for member in more.members { claims[member.key] = member.value }
        return claims
    }

    private func refusal(_ token: String, _ verifier: JWTVerifier, at time: Timestamp? = nil) -> String? {
        do {
            _ = try verifier.caller(of: token, now: time ?? now)
            return nil
        } catch { return error.description }
    }

    @Test func `a key is missing where keys may come, and the token names one that is not here`() throws {
        var empty = try verifier(keys: false)
        var full = try verifier()
        #expect(!empty.lacksKey(of: TokenSamples.es256), "none will come")
        empty.expectsKeys = true
        full.expectsKeys = true

        #expect(empty.canVerify)
        for token in [TokenSamples.es256, TokenSamples.rs256] {
            #expect(empty.lacksKey(of: token))
            #expect(!full.lacksKey(of: token))
        }
        #expect(!empty.lacksKey(of: TokenSamples.hs256), "a shared secret is in no key set")
        #expect(full.lacksKey(of: token(claims(), header: ["alg": "ES256", "kid": "ec-2"])))
        #expect(full.lacksKey(of: token(claims(), header: ["alg": "RS256", "kid": "ec-1"])), "of another kind")
        for text in ["", "..", "e30..", "x.y.z"] { #expect(!full.lacksKey(of: text)) }
    }

    @Test(arguments: [TokenSamples.hs256, TokenSamples.es256, TokenSamples.rs256])
    func `tokens of all three kinds name their user`(token: String) throws {
        let caller = try #require(try verifier().caller(of: token, now: now))

        #expect(caller.id == "user:u1" && caller.isKnown)
        #expect(caller.tier == (token == TokenSamples.hs256 ? .free : .premium))
        #expect(caller.ends == Timestamp(milliseconds: 4_102_444_860_000))
    }

    @Test func `a kind of which the host has no key is refused`() throws {
        #expect(refusal(TokenSamples.hs256, try verifier(secret: false))?.contains("HS256") == true)
        #expect(refusal(TokenSamples.es256, try verifier(keys: false)) != nil)
        #expect(refusal(TokenSamples.rs256, try verifier(keys: false)) != nil)
    }

    @Test func `a public key is no secret, and no signature is none`() throws {
        let verifier = try verifier()
        let modulus = try JSONValue.parse(TokenSamples.keySet)["keys"]?.array?[1]["n"]?.string ?? ""
        for key in [Array(modulus.utf8), Base64URL.bytes(of: modulus) ?? [], []] {
            for alg: JSONValue in ["HS256", "RS256", "ES256", "none", "None", "HS512", "", nil, 1] {
                #expect(refusal(token(claims(), header: ["alg": alg, "kid": "rsa-1"], key: key), verifier) != nil)
            }
        }
        let unsigned = encoded(Array(#"{"alg":"none"}"#.utf8)) + "." + encoded(claims().encoded()) + "."
        #expect(refusal(unsigned, verifier) != nil)
        // The good signature of one kind under the name of another.
        for (sample, alg) in [
            (TokenSamples.es256, "RS256"), (TokenSamples.rs256, "ES256"), (TokenSamples.rs256, "HS256"),
        ] {
            let parts = sample.split(separator: ".")
            let renamed = encoded(Array(#"{"alg":"\#(alg)"}"#.utf8)) + ".\(parts[1]).\(parts[2])"
            #expect(refusal(renamed, verifier) != nil)
        }
    }

    @Test(arguments: [TokenSamples.hs256, TokenSamples.es256, TokenSamples.rs256])
    func `a token that is cut or changed anywhere is refused`(token: String) throws {
        let verifier = try verifier()
        let letters = Array(token.utf8)
        for place in letters.indices {
            #expect(refusal(String(decoding: letters[..<place], as: UTF8.self), verifier) != nil, "cut at \(place)")
            var changed = letters
            changed[place] = letters[place] == 65 ? 66 : 65
            #expect(refusal(String(decoding: changed, as: UTF8.self), verifier) != nil, "changed at \(place)")
        }
        for more in [token + "A", token + ".", token + "=", "." + token] { #expect(refusal(more, verifier) != nil) }
    }

    @Test func `a key id that is not known fits no key`() throws {
        let other = TokenSamples.keySet.replacing("rsa-1", with: "rsa-2").replacing("ec-1", with: "ec-2")
        let verifier = JWTVerifier(keys: try JWTKeySet(Array(other.utf8)))

        #expect(refusal(TokenSamples.rs256, verifier) != nil)
        #expect(refusal(TokenSamples.es256, verifier) != nil)
    }

    @Test func `times count with a skew of 60 s`() throws {
        let verifier = try verifier()
        func exp(_ offset: Int64) -> String? { refusal(token(claims(["exp": .integer(seconds + offset)])), verifier) }
        func nbf(_ offset: Int64) -> String? { refusal(token(claims(["nbf": .integer(seconds + offset)])), verifier) }

        #expect(exp(-59) == nil)
        #expect(exp(-60)?.contains("expired") == true)
        #expect(nbf(60) == nil)
        #expect(nbf(61) != nil)
        for wrong: JSONValue in [nil, "soon", -1, 1e300, true] {
            #expect(refusal(token(claims(["exp": wrong])), verifier) != nil, "\(wrong)")
        }
        #expect(refusal(token(["sub": "u1"]), verifier)?.contains("exp") == true)
    }

    @Test func `issuer and audience are checked where they are set`() throws {
        var verifier = try verifier()
        verifier.issuer = "https://a/auth/v1"
        verifier.audience = "authenticated"

        #expect(refusal(token(claims(["iss": "https://a/auth/v1", "aud": "authenticated"])), verifier) == nil)
        #expect(refusal(token(claims(["iss": "https://a/auth/v1", "aud": ["x", "authenticated"]])), verifier) == nil)
        #expect(refusal(token(claims(["iss": "https://b/auth/v1", "aud": "authenticated"])), verifier) != nil)
        #expect(refusal(token(claims(["iss": "https://a/auth/v1", "aud": "other"])), verifier) != nil)
        #expect(refusal(token(claims(["iss": "https://a/auth/v1"])), verifier) != nil)
    }

    @Test func `the tier comes from app_metadata alone`() throws {
        let verifier = try verifier()
        func tier(_ more: JSONObject) throws -> Tier? { try verifier.caller(of: token(claims(more)), now: now)?.tier }

        #expect(try tier(["app_metadata": ["tier": "pro"]]) == .pro)
        #expect(try tier(["user_metadata": ["tier": "pro"], "tier": "pro"]) == .free)
        #expect(try tier(["app_metadata": ["tier": "gold"]]) == .free)
        #expect(try tier(["app_metadata": "pro"]) == .free)
    }

    @Test func `the anon key names nobody, and a user needs a name`() throws {
        let verifier = try verifier()

        #expect(try verifier.caller(of: token(claims(["role": "anon"])), now: now) == nil)
        #expect(try verifier.caller(of: token(claims(["role": "service_role"])), now: now)?.id == "role:service_role")
        for sub: JSONValue in ["", "a b", "a\nb", 1, nil] {
            #expect(refusal(token(claims(["sub": sub])), verifier)?.contains("sub") == true)
        }
        let extended = token(claims(), header: ["alg": "HS256", "crit": ["b64"], "b64": false])
        #expect(refusal(extended, verifier)?.contains("extension") == true)
    }

    @Test(arguments: [
        "", "{}", #"{"keys":[]}"#, #"{"keys":[{"kty":"oct","k":"AAAA"}]}"#,
        #"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#,
    ])
    func `a set without a key to use is refused`(text: String) {
        #expect(throws: KeyFileMistake.self) { try JWTKeySet(Array(text.utf8)) }
    }
}
