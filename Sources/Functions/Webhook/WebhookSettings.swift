// What the operator sets for deliveries, read once from the environment.
internal import EdgeFunction
internal import FileReading
internal import Upstream

struct WebhookSettings: Sendable {
    /// nil: deliveries go out unsigned.
    let signer: WebhookSigner?
    let waits: WebhookWaits
    /// Receivers in private networks are called only where these networks are listed.
    let policy: AddressPolicy

    /// A setting that cannot be used, as a sentence for the operator.
    struct Mistake: Error, Equatable, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    init(_ environment: (String) -> String?) throws(Mistake) {
        signer = try environment("EDGE_WEBHOOK_SECRET").map { text throws(Mistake) in
            try WebhookSigner(secrets: text)
        }
        waits =
            try environment("EDGE_WEBHOOK_WAITS").map { text throws(Mistake) in try WebhookWaits(text) }
            ?? WebhookWaits()
        do {
            let name = "EDGE_WEBHOOK_ALLOW"
            policy = try AddressPolicy.outside(andListed: environment(name), name: name)
        } catch {
            throw Mistake(error.description)
        }
    }
}
