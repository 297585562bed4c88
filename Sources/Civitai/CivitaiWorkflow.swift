// One workflow as an answer shows it: how far it is, what it made, why it failed.
internal import Glibc  // rounding, in debug builds: links the mathematics library
internal import JSON

struct CivitaiWorkflow: Sendable {
    enum State: Sendable { case working, succeeded, failed, expired, canceled }

    let json: JSONValue
    let id: WorkflowID

    static let listMax = 64

    /// - Returns: nil for what is no workflow.
    init?(_ json: JSONValue) {
        guard let id = json["id"]?.string.flatMap({ WorkflowID($0) }) else { return nil }
        self.json = json
        self.id = id
    }

    /// Words that are not known count as work: a terminal one never changes, so that nothing is missed.
    var state: State {
        switch json["status"]?.string {
        case "succeeded": .succeeded
        case "failed": .failed
        case "expired": .expired
        case "canceled": .canceled
        default: .working
        }
    }

    private var steps: [JSONValue] { Array((json["steps"]?.array ?? []).prefix(Self.listMax)) }
    private var jobs: [JSONValue] { steps.flatMap { ($0["jobs"]?.array ?? []).prefix(Self.listMax) } }

    /// Under `images` by the schema, and under `blobs` on one page of the documentation.
    var images: [CivitaiImage] {
        steps.compactMap { $0["output"] }
            .flatMap { ($0["images"]?.array ?? $0["blobs"]?.array ?? []).prefix(Self.listMax) }
            .map { CivitaiImage($0) }
    }

    /// Why a job, or an image, was held back.
    var blockedReason: String? {
        jobs.lazy.compactMap { $0["blockedReason"]?.string }.first { !$0.isEmpty }
            ?? images.lazy.compactMap(\.blockedReason).first
            ?? (reason == "blocked" ? "blocked" : nil)
    }

    /// Why a job failed, in one of Civitai's words.
    var reason: String? {
        (jobs + steps + [json]).lazy.compactMap { $0["reason"]?.string }.first { !$0.isEmpty }
    }

    /// What the steps complain about, in words.
    var errors: String {
        steps.flatMap { $0["output"]?["errors"]?.array ?? [] }.prefix(Self.listMax).compactMap(\.string)
            .joined(separator: "; ")
    }

    var price: CivitaiPrice { CivitaiPrice(json) }

    /// How far it is, 0 to 1, and a note for whoever waits; nil where the answer tells nothing.
    var progress: (fraction: Double, note: String)? {
        guard let step = steps.first(where: { $0["status"]?.string != "succeeded" }) ?? steps.last else { return nil }
        if step["status"]?.string == "preparing" || json["status"]?.string == "preparing" {
            let seconds = step["preparation"]?["etaSeconds"]?.double.flatMap { CivitaiPrice.whole($0.rounded(.up)) }
            return (0, "Civitai loads the model" + (seconds.map { $0 > 0 ? ", about \($0) s" : "" } ?? ""))
        }
        guard let rate = step["estimatedProgressRate"]?.double, rate.isFinite else { return nil }
        let fraction = min(max(rate, 0), 1)
        return (fraction, "\(Int(fraction * 100 + 0.5)) percent")
    }
}
