// Reads the rate-limit headers: the standard's field, and the older pairs that say remaining and reset.
public import CivilTime

/// What rate-limit headers say about waiting. They say it only when nothing is left: with calls remaining, `t` and
/// `reset` are the end of a window that concerns nobody.
public enum RateLimitField {
    /// Above this, a reset is a moment and not a number of seconds: 1,000,000,000 is the year 2001.
    private static let momentFrom = 1e9
    /// Above this, a moment is in milliseconds.
    private static let millisecondsFrom = 1e12

    /// `RateLimit: "api";r=0;t=55` asks for 55 s. Of several policies with nothing left the longest counts.
    public static func pause(_ value: String) -> Duration? {
        var longest: Double?
        for item in split(value, at: UInt8(ascii: ",")) {
            var remaining: Double?
            var seconds: Double?
            for parameter in split(item, at: UInt8(ascii: ";")).dropFirst() {
                let text = HeaderText.trimmed(parameter)
                if text.hasPrefix("r=") { remaining = HeaderText.seconds(String(text.dropFirst(2))) }
                if text.hasPrefix("t=") { seconds = HeaderText.seconds(String(text.dropFirst(2))) }
            }
            if remaining == 0, let seconds { longest = max(longest ?? 0, seconds) }
        }
        return longest.map(RetryAfter.held)
    }

    /// `ratelimit-remaining: 0` with `ratelimit-reset: 55`; a reset may also be a moment, in seconds or milliseconds
    /// since 1970.
    public static func pause(remaining: String, reset: String, now: Timestamp) -> Duration? {
        guard HeaderText.seconds(HeaderText.trimmed(remaining)) == 0,
            let number = HeaderText.seconds(HeaderText.trimmed(reset))
        else { return nil }
        if number < momentFrom { return RetryAfter.held(number) }
        let moment = number < millisecondsFrom ? number * 1000 : number
        return RetryAfter.held((moment - Double(now.milliseconds)) / 1000)
    }

    /// The pause that an answer's headers ask for, the standard's field before the older pairs.
    /// - Parameter header: gives the value of a header by its lower-case name.
    public static func pause(in header: (String) -> String?, now: Timestamp) -> Duration? {
        if let pause = header("ratelimit").flatMap(pause) { return pause }
        for prefix in ["ratelimit", "x-ratelimit"] {
            if let remaining = header("\(prefix)-remaining"), let reset = header("\(prefix)-reset"),
                let pause = pause(remaining: remaining, reset: reset, now: now)
            {
                return pause
            }
        }
        return nil
    }

    /// Splits at `separator`, but not inside of quoted strings: a policy may be named `"a;r=0"`.
    private static func split(_ text: String, at separator: UInt8) -> [String] {
        var parts: [[UInt8]] = [[]]
        var isQuoted = false
        var isEscaped = false
        for byte in text.utf8 {
            if byte == separator, !isQuoted {
                parts.append([])
                continue
            }
            if byte == UInt8(ascii: "\""), !isEscaped { isQuoted.toggle() }
            isEscaped = isQuoted && byte == UInt8(ascii: "\\") && !isEscaped
            parts[parts.count - 1].append(byte)
        }
        return parts.map { String(decoding: $0, as: UTF8.self) }
    }
}
