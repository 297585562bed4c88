// The Hub's mapping: which providers serve a model, and under which name.
internal import JSON

/// Who serves one model, in the order of the account's preference.
struct HFMapping: Sendable, Equatable {
    struct Entry: Sendable, Equatable {
        let provider: String
        /// The provider's own name of the model.
        let providerID: String
        let isLive: Bool
        let task: String
    }

    let entries: [Entry]

    /// A mapping of more entries than this is cut: it comes from outside.
    static let entriesMax = 100

    /// Reads `inferenceProviderMapping`: an object keyed by provider, or an array of entries with `provider`. Entries that
    /// cannot be read are passed over; nil when the document is no model's.
    init?(_ document: JSONValue) {
        guard document.object != nil else { return nil }
        switch document["inferenceProviderMapping"] {
        case .object(let object):
            entries = object.members.prefix(Self.entriesMax).compactMap { Entry($0.value, provider: $0.key) }
        case .array(let array):
            entries = array.prefix(Self.entriesMax).compactMap { value in
                value["provider"]?.string.flatMap { Entry(value, provider: $0) }
            }
        default: entries = []
        }
    }

    /// The first that serves text-to-image now and that we speak.
    func route() -> (provider: HFRoutedProvider, entry: Entry)? {
        for entry in entries where entry.isLive && entry.task == "text-to-image" {
            if let provider = HFRoutedProvider(rawValue: entry.provider) { return (provider, entry) }
        }
        return nil
    }

    func entry(of provider: HFRoutedProvider) -> Entry? {
        entries.first { $0.provider == provider.rawValue && $0.isLive && $0.task == "text-to-image" }
    }

    /// A sentence on why there is no route.
    func noRoute(model: HFModelID) -> String {
        let spoken = HFRoutedProvider.allCases.map(\.rawValue).joined(separator: ", ")
        let images = entries.filter { $0.task == "text-to-image" }
        guard !images.isEmpty else {
            return entries.isEmpty
                ? "no inference provider serves the model \(model); choose another model"
                : "the model \(model) is not served for text-to-image; choose another model"
        }
        let names = images.prefix(10).map { $0.isLive ? $0.provider : "\($0.provider) (not live)" }
        return
            "the model \(model) is served by \(names.joined(separator: ", ")), and edge speaks \(spoken); choose another model"
    }
}

extension HFMapping.Entry {
    fileprivate init?(_ value: JSONValue, provider: String) {
        // The array form says hfModelId where the object form is keyed; the provider's own name is providerId in both.
        guard let id = (value["providerId"] ?? value["hfModelId"])?.string, !id.isEmpty,
            let task = value["task"]?.string
        else { return nil }
        self.init(provider: provider, providerID: id, isLive: value["status"]?.string == "live", task: task)
    }
}
