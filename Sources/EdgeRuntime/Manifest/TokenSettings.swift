// The block `host.jwt` of functions.json.
internal import EdgeLoop
internal import FileReading

/// Which tokens say who asks. Where nothing is set, a secret named `SUPABASE_JWT_SECRET` is enough to take tokens of HS256.
package struct TokenSettings: Sendable, Equatable {
    /// `secret`: the name of the variable that holds the shared secret of HS256. Default `SUPABASE_JWT_SECRET`.
    package var secret = "SUPABASE_JWT_SECRET"
    /// `keys`: a JWKS, for ES256 and RS256: a file, beside functions.json unless it begins with `/`, or a URL. Default none.
    package var keys: String?
    /// `issuer`: what `iss` must be. Default anything.
    package var issuer: String?
    /// `audience`: what `aud` must be or hold. Default anything.
    package var audience: String?

    package init() {}

    init(from section: inout FileSection) {
        self.init()
        secret = section.text("secret", example: "write a variable's name, such as \"SUPABASE_JWT_SECRET\"") ?? secret
        keys = section.text("keys", example: "write a file's name or a URL, such as \"jwks.json\"")
        if let keysURL, let mistake = Self.mistake(inURL: keysURL) {
            section.note("\(quoted(keysURL)) \(mistake)", "keys")
        }
        issuer = section.text("issuer", example: "write what iss is, such as \"https://ref.supabase.co/auth/v1\"")
        audience = section.text("audience", example: "write what aud holds, such as \"authenticated\"")
        section.refuseUnknownKeys(hints: [
            "url": "write the URL as keys"
        ])
    }

    /// `keys` where it is a URL.
    var keysURL: String? { keys.flatMap { $0.contains("://") ? $0 : nil } }
    /// `keys` where it is a file.
    var keysFile: String? { keysURL == nil ? keys : nil }

    /// Who can change keys on their way can be anybody, so they come by https, or from inside.
    private static func mistake(inURL url: String) -> String? {
        if let mistake = WebhookAddress.mistake(in: url) { return mistake }
        guard url.lowercased().hasPrefix("http://") else { return nil }
        let authority = url.dropFirst("http://".count).prefix { !"/?".contains($0) }
        let host =
            authority.hasPrefix("[") ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }
        let isInside = !host.contains(".") || IPAddress(String(host)) != nil
        return isInside ? nil : "is no https URL: whoever changes the keys on their way could be any user"
    }
}
