// A request that is still in the receive buffer: what the synchronous fast path looks at, without a copy or an allocation.

/// A complete request as raw bytes. Everything it hands out is valid during the call that it is lent to, and no longer.
package struct HTTPRequestView: ~Copyable {
    private let head: HTTPHead
    private let bytes: UnsafeRawBufferPointer
    /// The whole body, decoded.
    package let body: UnsafeRawBufferPointer

    init(_ head: HTTPHead, in bytes: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) {
        self.head = head
        self.bytes = bytes
        self.body = body
    }

    /// The method as it was sent.
    package var method: UnsafeRawBufferPointer { bytes.part(head.method) }

    /// The request target as it was sent: see ``path`` for its path.
    package var target: UnsafeRawBufferPointer { bytes.part(head.target) }

    /// The path, percent-encoded; "/" when a full URL has none.
    package var path: UnsafeRawBufferPointer {
        guard let parts = head.targetParts, !parts.path.isEmpty else { return UnsafeRawBufferPointer(slash) }
        return target.part(parts.path)
    }

    /// The value of the first line of a field.
    /// - Parameter lowercaseName: its name in lower case.
    package func header(_ lowercaseName: StaticString) -> UnsafeRawBufferPointer? {
        for field in head.fields where Int(field.nameCount) == lowercaseName.utf8CodeUnitCount {
            if bytes.part(field.name).equalsLowercase(lowercaseName) { return bytes.part(field.value) }
        }
        return nil
    }

    /// How many lines a field has: more than one means that ``header(_:)`` does not show all of its value.
    package func lineCount(_ lowercaseName: StaticString) -> Int {
        var count = 0
        for field in head.fields where bytes.part(field.name).equalsLowercase(lowercaseName) { count += 1 }
        return count
    }
}

/// Lives as long as the program, as a static string's bytes do.
private var slash: UnsafeBufferPointer<UInt8> {
    let text: StaticString = "/"
    return UnsafeBufferPointer(start: text.utf8Start, count: 1)
}
