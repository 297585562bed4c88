// Numbers: whole ones exactly, others as the nearest double.

/// Powers of ten that a double holds exactly.
private let exactPowers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
]

extension JSONParser {
    /// Reads a number that begins at the present position with a digit or a minus.
    mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        let isNegative = bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        // The digits as one whole number, as long as it fits; `scale` is the power of ten to apply.
        var digits: UInt64 = 0
        var fits = true
        var scale = 0
        var isWhole = true

        let firstDigit = position
        try skipDigits(&digits, &fits, "expected a digit")
        guard bytes[firstDigit] != UInt8(ascii: "0") || position == firstDigit + 1 else {
            throw error("a number must not begin with 0", at: start)
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            isWhole = false
            position += 1
            let fraction = position
            try skipDigits(&digits, &fits, "expected a digit after the decimal point")
            scale = fraction - position
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            position += 1
            let minus = position < bytes.count && bytes[position] == UInt8(ascii: "-")
            if minus || position < bytes.count && bytes[position] == UInt8(ascii: "+") { position += 1 }
            var exponent: UInt64 = 0
            var exponentFits = true
            try skipDigits(&exponent, &exponentFits, "expected a digit in the exponent")
            if exponentFits, exponent < 10_000 { scale += minus ? -Int(exponent) : Int(exponent) } else { fits = false }
        }

        if isWhole, fits, !(isNegative && digits == 0) {
            if isNegative, digits <= UInt64(Int64.max) + 1 { return .integer(Int64(truncatingIfNeeded: 0 &- digits)) }
            if !isNegative, digits <= UInt64(Int64.max) { return .integer(Int64(digits)) }
        }
        if fits, digits < 1 << 53, abs(scale) <= 22 {  // both factors are exact, so the result is rounded once
            let value = scale < 0 ? Double(digits) / exactPowers[-scale] : Double(digits) * exactPowers[scale]
            return .double(isNegative ? -value : value)
        }
        guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite else {
            throw error("the number is too large", at: start)
        }
        return .double(value)
    }

    private mutating func skipDigits(_ number: inout UInt64, _ fits: inout Bool, _ expected: String) throws(JSONError) {
        let start = position
        while position < bytes.count, case let digit = bytes[position] &- 48, digit < 10 {
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            if overflow || carry { fits = false }
            number = sum
            position += 1
        }
        guard position > start else { throw error(expected) }
    }
}
