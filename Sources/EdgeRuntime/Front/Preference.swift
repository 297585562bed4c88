// How long a caller is willing to wait: the Prefer header of RFC 7240.
internal import CivilTime

/// The preferences of a request that the host honours. What is malformed or unknown is passed over, never refused.
package struct Preference: Sendable, Equatable {
    /// `wait=N`: seconds; of several, the first that is a whole number counts.
    package private(set) var waitSeconds: Int?
    /// `respond-async`
    package private(set) var respondAsync = false

    /// Longer texts are not read: no honest Prefer comes near.
    private static let bytesMax = 1024
    /// A wait beyond this counts as this, so that sums of times cannot overflow.
    private static let waitSecondsMax = 1_000_000_000

    /// - Parameter fields: the values of all Prefer headers, in order.
    package init(_ fields: [String]) {
        for field in fields where field.utf8.count <= Self.bytesMax {
            for preference in HeaderList.parts(of: field[...], separator: ",") {
                guard let text = HeaderList.parts(of: preference, separator: ";").first else { continue }
                switch HeaderList.pair(text) {
                case ("wait", let value?):
                    guard waitSeconds == nil, !value.isEmpty, value.utf8.allSatisfy({ (48...57).contains($0) }) else {
                        continue
                    }
                    waitSeconds = min(Int(value) ?? Self.waitSecondsMax, Self.waitSecondsMax)
                case ("respond-async", let value) where value?.isEmpty ?? true: respondAsync = true
                default: break
                }
            }
        }
    }

    /// How long to wait for the result before answering 202.
    ///
    /// - Parameters:
    ///   - standard: the wait of a caller who says nothing.
    ///   - limit: the longest wait, whatever is asked for.
    package func wait(default standard: Duration, limit: Duration) -> Duration {
        guard let waitSeconds else { return respondAsync ? .zero : standard }
        return min(.seconds(waitSeconds), limit)
    }

    /// The value of `Preference-Applied`, nil when nothing was asked: what was honoured, the wait as it was held to `limit`.
    package func applied(limit: Duration) -> String? {
        var applied = respondAsync ? ["respond-async"] : []
        if let waitSeconds { applied.append("wait=\(min(Int64(waitSeconds), limit.inMilliseconds / 1000))") }
        return applied.isEmpty ? nil : applied.joined(separator: ", ")
    }
}
