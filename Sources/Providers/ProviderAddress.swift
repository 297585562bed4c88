// Base addresses, checked once when settings are read.
internal import Upstream

package enum ProviderAddress {
    /// The address without trailing slashes.
    /// - Parameters:
    ///   - name: the environment variable that it stands in.
    ///   - keyName: the one where keys belong.
    package static func checked(
        _ text: String,
        name: String,
        keyName: String
    ) throws(ProviderSettingsError) -> String {
        var address = Substring(text)
        while address.hasSuffix("/") { address.removeLast() }
        guard let scheme = ["https://", "http://"].first(where: { address.hasPrefix($0) }) else {
            throw ProviderSettingsError(name: name, reason: "must begin with https:// or http://")
        }
        guard address.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ProviderSettingsError(name: name, reason: "holds a space or a character that no address has")
        }
        let rest = address.dropFirst(scheme.count)
        let host = rest.prefix { $0 != "/" }
        guard !host.isEmpty else { throw ProviderSettingsError(name: name, reason: "names no host") }
        guard !host.contains("@") else {
            throw ProviderSettingsError(
                name: name,
                reason: "holds a user name or password; keys belong into \(keyName)"
            )
        }
        guard !rest.contains("?"), !rest.contains("#") else {
            throw ProviderSettingsError(name: name, reason: "holds a query or fragment; give the part before it")
        }
        if let mistake = Upstream.mistake(inURL: String(address)) {
            throw ProviderSettingsError(name: name, reason: "is no URL: \(mistake)")
        }
        return String(address)
    }
}
