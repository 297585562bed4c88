// A loading model's own guess of how long it will take.

/// Hugging Face answers 503 with `estimated_time`, very often 20.0 whatever is true: waiting exactly that long is wrong
/// in both directions. So it is held to 1...10 s, and asked again.
public enum LoadingEstimate {
    /// What an estimate is held to.
    public static let shortest = Duration.seconds(1)
    /// What an estimate is held to.
    public static let longest = Duration.seconds(10)
    /// A larger number, in seconds, is no estimate.
    public static let secondsMax = 86_400.0

    /// How long to wait before asking again.
    /// - Parameter seconds: the number in the answer; nil when it is missing or is not a number.
    /// - Returns: nil when there is no usable estimate (missing, negative, NaN, over a day): then waits grow by themselves.
    public static func pause(seconds: Double?) -> Duration? {
        guard let seconds, (0...secondsMax).contains(seconds) else { return nil }
        return min(max(.seconds(seconds), shortest), longest)
    }
}
