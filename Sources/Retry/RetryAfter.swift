// Reads the Retry-After header: whole seconds or a date, and anything else as if it were not there.
public import CivilTime

/// How long an answer asks its caller to wait. Meaningful on 429 and 503 only: some providers send it with every 200.
public enum RetryAfter {
    /// What 0 and a date that is past come to, so that nobody asks again at once.
    public static let shortest = Duration.seconds(1)

    /// What larger values come to: 366 days, longer than any deadline.
    public static let longest = Duration.seconds(366 * 86_400)

    /// The pause that a header value asks for, held to ``shortest``...``longest``.
    /// - Parameter now: what a date is compared with.
    /// - Returns: nil for a value that cannot be read, a negative one included; treat that as no header.
    public static func pause(_ value: String, now: Timestamp) -> Duration? {
        let text = HeaderText.trimmed(value)
        if let seconds = HeaderText.seconds(text) { return held(seconds) }
        guard let date = Timestamp(httpDate: text, now: now) else { return nil }
        return min(max(date - now, shortest), longest)
    }

    /// The pause that an answer's headers ask for: Retry-After, else a rate-limit field with nothing left.
    /// - Parameter header: gives the value of a header by its lower-case name.
    public static func pause(in header: (String) -> String?, now: Timestamp) -> Duration? {
        if let pause = header("retry-after").flatMap({ pause($0, now: now) }) { return pause }
        return RateLimitField.pause(in: header, now: now)
    }

    static func held(_ seconds: Double) -> Duration {
        min(max(.seconds(min(seconds, longest.inSeconds)), shortest), longest)
    }
}
