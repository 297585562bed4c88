// Keys as people paste them: hexadecimal or base64.
internal import CSodium

package enum KeyText {
    /// The bytes of a key of that length; nil when the text is neither its hexadecimal nor its base64 form, of either alphabet, with padding
    /// or without.
    package static func bytes(of text: String, count: Int) -> [UInt8]? {
        precondition(Sodium.isReady)
        if text.utf8.count == 2 * count, let bytes = hexadecimal(text, count) { return bytes }
        let letters = text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
        let end = letters.lastIndex { $0 != "=" } ?? -1
        guard letters.count - 1 - end <= 2 else { return nil }
        return base64(String(letters[...end]), count)
    }

    // Without a place for where it stopped, libsodium refuses what it cannot read to its end.

    private static func hexadecimal(_ text: String, _ count: Int) -> [UInt8]? {
        decoded(count) { buffer, length in
            sodium_hex2bin(buffer, count, text, text.utf8.count, nil, &length, nil)
        }
    }

    private static func base64(_ text: String, _ count: Int) -> [UInt8]? {
        decoded(count) { buffer, length in
            let variant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING
            return sodium_base642bin(buffer, count, text, text.utf8.count, nil, &length, nil, variant)
        }
    }

    private static func decoded(
        _ count: Int,
        _ body: (UnsafeMutablePointer<UInt8>, inout Int) -> Int32
    ) -> [UInt8]? {
        var isWhole = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            var length = 0
            isWhole = buffer.baseAddress.map { body($0, &length) == 0 && length == count } ?? false
            initialized = isWhole ? count : 0
        }
        return isWhole ? bytes : nil
    }
}
