// What a request shows to say who asks.

/// The one credential of a request that counts.
package enum Credential: Equatable, Sendable {
    /// Nothing, or a public project key, which names a project and no caller.
    case none
    case key(APIKey)
    /// Begins like a key of ours and is none: mistyped or cut.
    case brokenKey
    /// Three parts with dots.
    case token(String)
    /// A text that means nothing here.
    case foreign

    /// Bytes of a credential that is looked at.
    package static let bytesMax = 8192

    /// The first of Authorization, x-api-key and apikey that shows something counts: Supabase clients send the project's key as apikey beside
    /// the user's token.
    package init(authorization: String?, xAPIKey: String?, apikey: String?) {
        self = .none
        for text in [authorization.flatMap(Self.bearer), xAPIKey, apikey] {
            guard let text, !text.isEmpty else { continue }
            let credential = Self.read(text)
            guard credential == .none else {
                self = credential
                return
            }
        }
    }

    /// Another scheme is for somebody else, such as a proxy in front.
    private static func bearer(_ value: String) -> String? {
        guard let space = value.utf8.firstIndex(of: 32), value[..<space].lowercased() == "bearer" else { return nil }
        return String(value[space...].drop { $0 == " " })
    }

    private static func read(_ text: String) -> Credential {
        guard text.utf8.count <= bytesMax else { return .foreign }
        if text.hasPrefix("sb_publishable_") { return .none }
        if text.hasPrefix(APIKey.prefix) { return APIKey(text).map { .key($0) } ?? .brokenKey }
        let isToken = text.utf8.count { $0 == UInt8(ascii: ".") } == 2
        return isToken ? .token(text) : .foreign
    }
}
