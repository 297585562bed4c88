// Where a job's end is told to, as the job's file keeps it.
internal import JSON

/// A receiver that a request or functions.json named.
struct Webhook: Equatable, Sendable {
    /// Absolute; see ``WebhookAddress``. May hold a secret of the receiver's: it is shown to nobody.
    let url: String
    /// What absolute URLs in the event begin with.
    let base: String
    /// The delivery's job; nil until that is on disk.
    var delivery: String?

    init(url: String, base: String) {
        self.url = url
        self.base = base
    }

    /// What a stored document tells.
    init?(in stored: JSONObject) {
        guard let value = stored["webhook"], let url = value["url"]?.string, let base = value["base"]?.string else {
            return nil
        }
        self.url = url
        self.base = base
        delivery = value["delivery"]?.string
    }

    var json: JSONValue {
        ["url": .string(url), "base": .string(base), "delivery": delivery.map { .string($0) } ?? .null]
    }

    /// For another job with the same receiver.
    var anew: Webhook { Webhook(url: url, base: base) }
}
