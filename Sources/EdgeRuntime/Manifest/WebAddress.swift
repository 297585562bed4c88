// Checks the web addresses that people write into settings.
internal import EdgeLoop

/// The plain beginnings of URLs: scheme, host, port and path, with no user, query or fragment.
package enum WebAddress {
    /// The address as browsers write it: scheme and host in lower case, no default port, no slash at the end. Nil when it is no
    /// `http` or `https` address, or has a user, a query, a fragment, or characters that belong percent-encoded.
    package static func normalized(_ text: String) -> String? {
        let lower = text.lowercased()
        let (scheme, defaultPort) = lower.hasPrefix("https://") ? ("https", 443) : ("http", 80)
        guard lower.hasPrefix(scheme + "://"), text.utf8.count <= 2048 else { return nil }
        let rest = text.dropFirst(scheme.count + 3)
        let authority = rest.prefix { $0 != "/" }
        guard let (host, port) = split(authority.lowercased()) else { return nil }
        var path = rest[authority.endIndex...]
        while path.hasSuffix("/") { path = path.dropLast() }
        let isPlain = path.utf8.allSatisfy {
            (0x21...0x7e).contains($0) && !#""<>\^`{|}?#"#.utf8.contains($0)
        }
        guard isPlain else { return nil }
        return "\(scheme)://\(host)\(port.map { $0 == defaultPort ? "" : ":\($0)" } ?? "")\(path)"
    }

    /// Whether a normalized address has no path.
    package static func isOrigin(_ normalized: String) -> Bool { origin(of: normalized) == normalized }

    /// The part of a normalized address before its path: what a browser sends as `Origin`.
    package static func origin(of normalized: String) -> String {
        let segments = normalized.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return segments.prefix(3).joined(separator: "/")
    }

    /// Host and port of `host`, `host:port`, `[::1]` or `[::1]:port`.
    private static func split(_ authority: String) -> (host: String, port: Int?)? {
        let host: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]"), AddressRange(String(authority[..<end].dropFirst())) != nil,
                authority[..<end].contains(":"), !authority[..<end].contains("/")
            else { return nil }
            host = authority[...end]
        } else {
            host = authority.prefix { $0 != ":" }
            let isName = host.utf8.allSatisfy {
                (97...122).contains($0) || (48...57).contains($0) || $0 == 0x2d || $0 == 0x2e || $0 == 0x5f
            }
            guard isName, !host.isEmpty, !host.hasPrefix("."), !host.hasPrefix("-") else { return nil }
        }
        let rest = authority[host.endIndex...]
        guard !rest.isEmpty else { return (String(host), nil) }
        let digits = rest.dropFirst()
        guard rest.hasPrefix(":"), digits.utf8.allSatisfy({ (48...57).contains($0) }), let port = Int(digits),
            (1...65_535).contains(port)
        else { return nil }
        return (String(host), port)
    }
}
