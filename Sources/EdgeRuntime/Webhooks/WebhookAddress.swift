// Which texts can be a receiver's URL.

/// Checks what can be told from the text; where its name leads to is looked at when it is called.
package enum WebhookAddress {
    package static let bytesMax = 2048

    /// What is wrong, as the end of a sentence; nil: it can be called.
    package static func mistake(in text: String) -> String? {
        guard text.utf8.count <= bytesMax else { return "is longer than \(bytesMax) bytes" }
        let (address, query) = parts(of: text)
        guard WebAddress.normalized(address) != nil else {
            return "is no http or https URL with a host; write one such as https://app.example/hooks/edge"
        }
        guard query.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "#") }) else {
            return "has a fragment, or characters that belong percent-encoded"
        }
        return nil
    }

    /// Scheme, host and port: what is the same for all receivers of one owner. Nil for what is no URL.
    static func origin(of text: String) -> String? {
        WebAddress.normalized(parts(of: text).address).map(WebAddress.origin)
    }

    private static func parts(of text: String) -> (address: String, query: Substring) {
        let address = text.prefix { $0 != "?" }
        return (String(address), text[address.endIndex...])
    }
}
