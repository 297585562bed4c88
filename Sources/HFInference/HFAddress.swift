// Base addresses, checked once when settings are read.

enum HFAddress {
    /// The address without trailing slashes.
    static func checked(_ text: String, name: String) throws(HFSettingsError) -> String {
        var address = Substring(text)
        while address.hasSuffix("/") { address.removeLast() }
        guard let scheme = ["https://", "http://"].first(where: { address.hasPrefix($0) }) else {
            throw HFSettingsError(name: name, reason: "must begin with https:// or http://")
        }
        guard address.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw HFSettingsError(name: name, reason: "holds a space or a character that no address has")
        }
        let rest = address.dropFirst(scheme.count)
        let host = rest.prefix { $0 != "/" }
        guard !host.isEmpty else { throw HFSettingsError(name: name, reason: "names no host") }
        guard !host.contains("@") else {
            throw HFSettingsError(
                name: name,
                reason: "holds a user name or password; keys belong into HUGGINGFACE_API_KEY"
            )
        }
        guard !rest.contains("?"), !rest.contains("#") else {
            throw HFSettingsError(name: name, reason: "holds a query or fragment; give the part before it")
        }
        return String(address)
    }
}
