// When a limited or busy server may be asked again: four headers, of which one is enough.
internal import CivilTime
internal import Providers
internal import Retry

enum OpenAIWait {
    /// `retry-after-ms` first, as OpenAI's own clients do; then Retry-After; then the reset of whatever has run out.
    static func pause(_ reply: ProviderReply, now: Timestamp) -> Duration? {
        if let text = reply.header("retry-after-ms"), let milliseconds = Double(text), milliseconds.isFinite,
            milliseconds >= 0
        {
            return held(.milliseconds(min(milliseconds, RetryAfter.longest / .milliseconds(1))))
        }
        if let pause = RetryAfter.pause(in: reply.header, now: now) { return pause }
        let resets = ["requests", "tokens"].compactMap { what -> Duration? in
            // A reset of something that is left is the end of a window that concerns nobody.
            if let left = reply.header("x-ratelimit-remaining-\(what)"), left != "0" { return nil }
            return reply.header("x-ratelimit-reset-\(what)").flatMap(duration)
        }
        return resets.max().map(held)
    }

    /// `1s`, `6m0s`, `1h2m3.5s`, `120ms`; plain seconds too. Nil for anything else.
    static func duration(_ text: String) -> Duration? {
        var seconds = 0.0
        var rest = Substring(text)
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            guard let number = Double(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let size = units[String(unit)], !unit.isEmpty || rest.isEmpty else { return nil }
            seconds += number * size
        }
        return .seconds(min(seconds, RetryAfter.longest / .seconds(1)))
    }

    private static let units: [String: Double] = ["": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400]

    private static func held(_ pause: Duration) -> Duration {
        min(max(pause, RetryAfter.shortest), RetryAfter.longest)
    }
}
