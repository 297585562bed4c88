// Names of fields as bytes: tells the lines of a head apart without a string for each.

/// A set of field names, which compare without case.
package struct HTTPFieldNames: Sendable {
    /// What belongs to one connection and not to the message (RFC 9110, 7.6.1).
    static let hopByHop = HTTPFieldNames([
        "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    ])

    private let names: [StaticString]
    private let beginnings: [StaticString]

    /// All in lower case.
    /// - Parameter beginnings: of names; whatever begins so belongs to the set.
    package init(_ names: [StaticString], beginnings: [StaticString] = []) {
        self.names = names
        self.beginnings = beginnings
    }

    func contains(_ name: UnsafeRawBufferPointer) -> Bool {
        for known in names where name.equalsLowercase(known) { return true }
        for beginning in beginnings where name.count >= beginning.utf8CodeUnitCount {
            if name.part(0..<beginning.utf8CodeUnitCount).equalsLowercase(beginning) { return true }
        }
        return false
    }
}
