// Random bytes that nobody can guess, and comparing without telling how far two values agree.
internal import CSodium

/// That many random bytes, fit for keys and tokens.
package func randomBytes(_ count: Int) -> [UInt8] {
    precondition(Sodium.isReady && count >= 0)
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        if let start = buffer.baseAddress { randombytes_buf(start, count) }
        initialized = count
    }
}

/// Whether both are equal, in a time that depends on their lengths alone.
package func equalInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return sodium_memcmp(left, right, left.count) == 0
}

/// Whether both texts have the same UTF-8, in a time that depends on their lengths alone.
package func equalInConstantTime(_ left: String, _ right: String) -> Bool {
    equalInConstantTime(Array(left.utf8), Array(right.utf8))
}
