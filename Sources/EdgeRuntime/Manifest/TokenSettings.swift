// The block `host.jwt` of functions.json.
internal import FileReading

/// Which tokens say who asks. Where nothing is set, a secret named `SUPABASE_JWT_SECRET` is enough to take tokens of HS256.
package struct TokenSettings: Sendable, Equatable {
    /// `secret`: the name of the variable that holds the shared secret of HS256. Default `SUPABASE_JWT_SECRET`.
    package var secret = "SUPABASE_JWT_SECRET"
    /// `keys`: a file with a JWKS, for ES256 and RS256; beside functions.json unless it begins with `/`. Default none.
    package var keys: String?
    /// `issuer`: what `iss` must be. Default anything.
    package var issuer: String?
    /// `audience`: what `aud` must be or hold. Default anything.
    package var audience: String?

    package init() {}

    init(from section: inout FileSection) {
        self.init()
        secret = section.text("secret", example: "write a variable's name, such as \"SUPABASE_JWT_SECRET\"") ?? secret
        keys = section.text("keys", example: "write a file's name, such as \"jwks.json\"")
        if let keys, keys.contains("://") {
            section.note("\(quoted(keys)) is a URL; save the key set to a file and write the file's name", "keys")
        }
        issuer = section.text("issuer", example: "write what iss is, such as \"https://ref.supabase.co/auth/v1\"")
        audience = section.text("audience", example: "write what aud holds, such as \"authenticated\"")
        section.refuseUnknownKeys(hints: [
            "url": "the host calls nobody; save the key set to a file and name it in keys"
        ])
    }
}
