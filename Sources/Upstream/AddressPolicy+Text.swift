// The policy for URLs that somebody else has chosen, with the exceptions that the operator lists.
internal import EdgeLoop

/// A text that is no list of networks, as a sentence for the operator.
package struct AddressListMistake: Error, Equatable, CustomStringConvertible {
    package let description: String
}

extension AddressPolicy {
    /// Nothing inside (this machine, private networks, metadata) but what is listed.
    /// - Parameters:
    ///   - list: addresses and networks with blanks or commas between, `10.0.0.0/8, 127.0.0.1`; nil: none.
    ///   - name: the list's variable, for the message.
    package static func outside(andListed list: String?, name: String) throws(AddressListMistake) -> AddressPolicy {
        var allowed: [AddressRange] = []
        for text in (list ?? "").split(whereSeparator: { $0 == " " || $0 == "," }) {
            guard let range = AddressRange(String(text)) else {
                throw AddressListMistake(
                    description: "\(name): \"\(text)\" is no network; write for example 10.0.0.0/8 or 127.0.0.1"
                )
            }
            allowed.append(range)
        }
        return AddressPolicy(allowsLoopback: false, allowsPrivate: false, allowed: allowed)
    }
}
