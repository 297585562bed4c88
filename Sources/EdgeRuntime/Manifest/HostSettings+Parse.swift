// Reads the `host` block.
internal import Callers
internal import EdgeLoop
internal import FileReading
internal import JSON
internal import Limits

extension HostSettings {
    init(from section: inout FileSection) {
        self.init()
        origins = Self.origins(from: &section)
        publicURL = Self.publicURL(from: &section)
        trustedProxies = section.texts("trustedProxies") { text in
            AddressRange(text) == nil
                ? "\(quoted(text)) is no IP address or network; write for example \"10.0.0.0/8\" or \"127.0.0.1\"" : nil
        }.compactMap { AddressRange($0) }
        if var cache = section.section("cache") {
            cacheBytes = cache.size("size", default: cacheBytes, in: (1 << 20)...(1 << 50))
            cache.refuseUnknownKeys()
        }
        if var jwt = section.section("jwt") { self.jwt = TokenSettings(from: &jwt) }
        if var retention = section.section("retention") { self.retention = RetentionSettings(from: &retention) }
        if var tokens = section.section("tokens") { self.tokens = OwnTokenRules(from: &tokens) }
        if var tiers = section.section("tiers") { self.tiers = TierTable(from: &tiers) }
        bodyMemoryBytes = section.size("bodyMemory", default: bodyMemoryBytes, in: (1 << 20)...(1 << 40))
        if var limits = section.section("limits") { self.limits = LimitSettings(from: &limits) }
        policy = section.text("policy", example: "write a file's name, such as \"policy.txt\"")
        spend = SpendSettings(from: &section)
        drain = section.duration("drain", default: drain, in: .zero...(.seconds(600)))
        section.refuseUnknownKeys(hints: [
            "port": "where to listen is for the flag --port or the variable PORT",
            "host": "where to listen is for the flag --host",
        ])
    }

    private static func origins(from section: inout FileSection) -> Origins {
        guard section.object["origins"] != nil else {
            _ = section.value("origins")
            return .any
        }
        let texts = section.texts("origins") { text in
            if text == "*" || text == "null" { return nil }
            guard let normal = WebAddress.normalized(text), WebAddress.isOrigin(normal) else {
                return "\(quoted(text)) is no origin; write scheme and host as browsers send them, such as "
                    + "\"https://app.example\" or \"http://localhost:5173\", or \"*\" for any"
            }
            return normal == text ? nil : "browsers send \(quoted(normal)), never \(quoted(text)); write that"
        }
        guard texts.contains("*") else { return .listed(texts) }
        if texts.count > 1 { section.note("\"*\" allows any origin; write it alone, or leave it out", "origins") }
        return .any
    }

    private static func publicURL(from section: inout FileSection) -> String? {
        guard let value = section.value("publicURL"), !value.isNull else { return nil }
        guard let text = value.string else {
            section.note("this is \(value.kind); write a URL such as \"https://images.example\", or null", "publicURL")
            return nil
        }
        guard let normal = WebAddress.normalized(text) else {
            section.note(
                "\(quoted(text)) is no URL to begin others with; write scheme, host and, if need be, port and path, "
                    + "such as \"https://images.example\"",
                "publicURL"
            )
            return nil
        }
        return normal
    }
}
