// Tokens as Supabase issues them: who signed, for how long, for whom.
package import CivilTime
internal import Digest
internal import JSON
internal import Signatures

/// Checks one token against what the host knows. The kind of signature is decided by the keys that the host has: a token's `alg` only
/// chooses among them, so a public key is never taken for a shared secret, and nothing is taken for no signature.
package struct JWTVerifier: Sendable {
    /// The shared secret of HS256, as UTF-8; nil: no such token is good.
    package var secret: [UInt8]?
    package var keys: JWTKeySet
    /// Whether keys come from elsewhere, although there may be none yet.
    package var expectsKeys = false
    /// What `iss` must be; nil: anything.
    package var issuer: String?
    /// What `aud` must be or hold; nil: anything.
    package var audience: String?

    /// How far the issuer's clock and ours may differ.
    package static let skew = Duration.seconds(60)
    /// A secret that is shorter than this can be guessed from one token.
    package static let secretBytesMin = 32
    private static let tiersClaim = "tier"

    package init(secret: [UInt8]? = nil, keys: JWTKeySet = JWTKeySet(), issuer: String? = nil, audience: String? = nil)
    {
        self.secret = secret
        self.keys = keys
        self.issuer = issuer
        self.audience = audience
    }

    /// Whether any token can be good.
    package var canVerify: Bool { secret != nil || keys.count > 0 || expectsKeys }

    /// Whether a token says that it is signed by a key that is not here and could come.
    package func lacksKey(of token: String) -> Bool {
        guard expectsKeys, let header = Self.object(token.prefix { $0 != "." }) else { return false }
        return switch header["alg"]?.string {
        case "ES256": candidates(.p256, header).isEmpty
        case "RS256": candidates(.rsa, header).isEmpty
        default: false
        }
    }

    /// Why a token is refused: a sentence's end for its sender.
    package struct Refusal: Error, Equatable, CustomStringConvertible {
        package let description: String

        init(_ description: String) { self.description = description }
    }

    /// Who a good token says is asking; nil for one that is public, such as a project's anon key.
    package func caller(of token: String, now: Timestamp) throws(Refusal) -> Caller? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.object(parts[0]), let signature = Base64URL.bytes(of: parts[2]) else {
            throw Refusal("it is not whole")
        }
        // What a token says must be understood, RFC 7515 asks; we know no extension.
        guard header["crit"] == nil else { throw Refusal("it needs an extension that is not known here") }
        try checkSignature(header, Array(token.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count)), signature)
        guard let claims = Self.object(parts[1]) else { throw Refusal("its claims are not JSON") }
        return try caller(claims, now)
    }

    private func checkSignature(_ header: JSONObject, _ message: [UInt8], _ signature: [UInt8]) throws(Refusal) {
        let isGood: Bool
        switch header["alg"]?.string {
        case "HS256":
            guard let secret else { throw Refusal("tokens of HS256 are not taken here") }
            isGood = HMACSHA256.code(of: message, key: secret).map { equalInConstantTime($0, signature) } ?? false
        case "ES256":
            isGood = candidates(.p256, header).contains { $0.isSignature(signature, of: message) }
        case "RS256":
            isGood = candidates(.rsa, header).contains { $0.isSignature(signature, of: message) }
        default: throw Refusal("it is signed in a way that is not taken here; HS256, ES256 and RS256 can be")
        }
        guard isGood else { throw Refusal("its signature is of no key that this host knows") }
    }

    private func candidates(_ kind: PublicKey.Kind, _ header: JSONObject) -> [PublicKey] {
        keys.candidates(kind, id: header["kid"]?.string)
    }

    private func caller(_ claims: JSONObject, _ now: Timestamp) throws(Refusal) -> Caller? {
        guard let ends = try Self.time("exp", claims) else { throw Refusal("it says no time of its end (exp)") }
        guard now < ends + Self.skew else { throw Refusal("it has expired; sign in again") }
        for name in ["nbf", "iat"] {
            if let begins = try Self.time(name, claims), now + Self.skew < begins {
                throw Refusal("it is good from \(begins.iso8601) only")
            }
        }
        if let issuer, claims["iss"]?.string != issuer { throw Refusal("it is from another issuer") }
        if let audience {
            let audiences = claims["aud"]?.array?.compactMap(\.string) ?? claims["aud"]?.string.map { [$0] } ?? []
            guard audiences.contains(audience) else { throw Refusal("it is for another audience") }
        }
        // Only what users cannot write themselves.
        let tier = claims["app_metadata"]?[Self.tiersClaim]?.string.flatMap(Tier.init) ?? .free
        switch claims["role"]?.string {
        case "anon": return nil
        case "service_role":
            return Caller(id: "role:service_role", tier: tier, isKnown: true, ends: ends + Self.skew)
        default:
            guard let subject = claims["sub"]?.string, Caller.isName(subject) else {
                throw Refusal("it names nobody (sub)")
            }
            return Caller(id: "user:\(subject)", tier: tier, isKnown: true, ends: ends + Self.skew)
        }
    }

    /// The last second that a time of ours can be: the year 9999.
    private static let secondsMax = 253_402_300_799.0

    private static func time(_ name: String, _ claims: JSONObject) throws(Refusal) -> Timestamp? {
        guard let value = claims[name] else { return nil }
        guard let seconds = value.double, (0...secondsMax).contains(seconds) else {
            throw Refusal("its \(name) is no time")
        }
        return Timestamp(milliseconds: Int64(seconds * 1000))
    }

    private static func object(_ part: Substring) -> JSONObject? {
        guard let bytes = Base64URL.bytes(of: part) else { return nil }
        return (try? JSONValue.parse(bytes))?.object
    }
}
