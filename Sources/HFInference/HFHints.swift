// What an error answer says about when to ask again.
internal import CivilTime
internal import JSON
internal import Providers
internal import Retry

/// The hints of one answer. Read on errors only: Together sends Retry-After with every 200 as well.
struct HFHints: Sendable, Equatable {
    /// Retry-After, or a rate-limit field with nothing left.
    let after: Duration?
    /// Whether a sleeping model wakes: it gives an estimate, or says so.
    let isLoading: Bool
    /// As it was sent, where it can be one at all: missing, negative and absurd numbers are none.
    let estimate: Duration?

    init(_ reply: ProviderReply, now: Timestamp) {
        after = RetryAfter.pause(in: reply.header, now: now)
        guard reply.status == 503 else {  // an image is not searched for words
            isLoading = false
            estimate = nil
            return
        }
        let body = [UInt8](reply.body.prefix(HFErrorText.bytesMax))
        let seconds: Double? =
            switch (try? JSONValue.parse(body))?["estimated_time"] {
            case .integer(let number): Double(number)
            case .double(let number): number
            default: nil
            }
        estimate = LoadingEstimate.pause(seconds: seconds).flatMap { _ in seconds.map { .seconds($0) } }
        isLoading = seconds != nil || String(decoding: body, as: UTF8.self).contains("currently loading")
    }
}
