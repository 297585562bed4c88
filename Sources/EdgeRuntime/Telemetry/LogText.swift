// The bytes of log lines: redacted, escaped, and never able to look like a second line or steer a terminal.
internal import CivilTime
package import Secrets

/// Collects log lines. Appends bytes and builds no strings, since there is a line for every request.
package struct LogText: Sendable {
    /// The longest text from outside that a line shows, in bytes; the rest is cut.
    static let textBytesMax = 8 * 1024

    package let form: LogForm
    /// What is replaced in text from outside.
    package var redactor: Redactor
    private(set) var bytes: [UInt8] = []
    private var time = Timestamp(milliseconds: 0)
    /// The text of the last second that was written: most lines share it with their neighbour.
    private var second: (number: Int64, text: [UInt8]) = (.min, [])
    private var isFirstField = true

    package init(form: LogForm, redactor: Redactor) {
        self.form = form
        self.redactor = redactor
    }

    /// Text form: what comes next is not the line's first word.
    mutating func follow() { isFirstField = false }

    mutating func begin(at time: Timestamp) { self.time = time }

    /// Forgets the first bytes, which have been written.
    mutating func removeFirst(_ count: Int) {
        if count == bytes.count { bytes.removeAll(keepingCapacity: true) } else { bytes.removeFirst(count) }
    }

    mutating func begin(_ level: LogLevel) {
        isFirstField = true
        switch form {
        case .text:
            appendTime()
            word(level.rawValue)
        case .json:
            bytes += "{\"time\":\"".utf8
            isFirstField = false
            appendTime()
            bytes.append(0x22)
            field("level", level.rawValue)
        }
    }

    mutating func end() {
        if form == .json { bytes.append(UInt8(ascii: "}")) }
        bytes.append(0x0A)
    }

    /// Text form: a word of our own.
    mutating func word(_ text: String) {
        separate()
        bytes += text.utf8
    }

    /// Text form: a number with its unit.
    mutating func word(_ number: Int, _ unit: StaticString = "") {
        separate()
        append(number)
        append(unit)
    }

    /// Text form: text that comes from outside.
    mutating func outside(_ text: String) {
        separate()
        appendEscaped(redactor.redact(text))
    }

    /// `name=value` or `"name":"value"`; nothing when there is no value.
    mutating func field(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        begin(field: name)
        if form == .json { bytes.append(0x22) }
        appendEscaped(value)
        if form == .json { bytes.append(0x22) }
    }

    /// As the other one, for a value that comes from outside.
    mutating func field(_ name: StaticString, outside value: String?) { field(name, value.map(redactor.redact)) }

    mutating func field(_ name: StaticString, _ value: Int) {
        begin(field: name)
        append(value)
    }

    /// Milliseconds with three decimals.
    mutating func field(_ name: StaticString, milliseconds duration: Duration) {
        begin(field: name)
        append(milliseconds: duration)
    }

    /// Milliseconds with three decimals: `12.345`.
    mutating func append(milliseconds duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let micros = max(0, Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000))
        append(micros / 1000)
        bytes.append(UInt8(ascii: "."))
        for divisor in [100, 10, 1] { bytes.append(0x30 + UInt8(micros / divisor % 10)) }
    }

    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes += $0 }
    }

    /// Bytes that were rendered, redacted and escaped before.
    mutating func append(rendered text: [UInt8]) { bytes += text }

    /// 16 hexadecimal digits.
    mutating func append(hexadecimal number: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 15
            bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
    }

    /// Text form: what separates two words.
    mutating func separate() {
        if !isFirstField { bytes.append(0x20) }
        isFirstField = false
    }

    private mutating func begin(field name: StaticString) {
        switch form {
        case .text:
            separate()
            append(name)
            bytes.append(UInt8(ascii: "="))
        case .json:
            bytes += [UInt8(ascii: ","), 0x22]
            append(name)
            bytes += [0x22, UInt8(ascii: ":")]
        }
    }

    private mutating func append(_ number: Int) {
        guard number >= 0 else {
            bytes += String(number).utf8
            return
        }
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(0x30 + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    private mutating func appendTime() {
        let number = time.milliseconds / 1000
        if number != second.number { second = (number, Array(time.iso8601.utf8.prefix(20))) }
        bytes += second.text  // up to the dot
        let milliseconds = Int(time.milliseconds % 1000)
        for divisor in [100, 10, 1] { bytes.append(0x30 + UInt8(abs(milliseconds) / divisor % 10)) }
        bytes.append(UInt8(ascii: "Z"))
        isFirstField = false
    }

    private mutating func appendEscaped(_ text: String) {
        var text = text
        text.withUTF8 { all in
            var end = min(all.count, Self.textBytesMax)
            while end > 0, end < all.count, all[end] & 0xC0 == 0x80 { end -= 1 }  // not inside of a character
            let shown = UnsafeBufferPointer(rebasing: all[..<end])
            // What is plain, which is nearly always all of it, goes at once.
            let plain = shown.firstIndex { $0 < 0x20 || $0 >= 0x7F || $0 == 0x22 || $0 == 0x5C } ?? shown.count
            bytes += UnsafeBufferPointer(rebasing: shown[..<plain])
            for index in plain..<shown.count {
                let byte = shown[index]
                switch byte {
                case 0x22 where form == .json, 0x5C where form == .json:
                    bytes.append(0x5C)
                    bytes.append(byte)
                case 0x09 where form == .text:
                    bytes.append(byte)
                case 0..<0x20, 0x7F:
                    appendCode(byte)
                // C1 control characters steer terminals too; in UTF-8 they are C2 80 ... C2 9F.
                case 0xC2 where index + 1 < shown.count && shown[index + 1] < 0xA0:
                    appendCode(shown[index + 1])
                case 0x80..<0xA0 where index > 0 && shown[index - 1] == 0xC2:
                    break
                default:
                    bytes.append(byte)
                }
            }
            if shown.count < all.count { append("...") }
        }
    }

    private mutating func appendCode(_ byte: UInt8) {
        let digits = Array("0123456789abcdef".utf8)
        bytes += form == .json ? Array("\\u00".utf8) : Array("\\x".utf8)
        bytes += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}
