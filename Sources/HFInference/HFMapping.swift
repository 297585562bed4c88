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
        /// Whether it adds to another model, in a way of each provider's own that edge does not speak. Left out, it would be the
        /// other model's picture.
        var isAdapter = false
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

    /// Those that serve a task now, and that we can ask for it, in their order.
    func routes(for task: HFTask) -> [(provider: HFRoutedProvider, entry: Entry)] {
        entries.compactMap { entry in
            guard entry.isLive, !entry.isAdapter, entry.task == task.rawValue,
                let provider = HFRoutedProvider(rawValue: entry.provider),
                provider.parameters(for: task) != nil
            else { return nil }
            return (provider, entry)
        }
    }

    /// Whether anything at all can be asked for.
    var hasRoute: Bool { HFTask.allCases.contains { !routes(for: $0).isEmpty } }

    /// A sentence on why there is no route.
    func noRoute(model: HFModelID, task: HFTask = .textToImage) -> String {
        let spoken = HFRoutedProvider.allCases.filter { $0.parameters(for: task) != nil }.map(\.rawValue)
        let fitting = entries.filter { $0.task == task.rawValue }
        guard !fitting.isEmpty else {
            guard let other = entries.first?.task else {
                return "no inference provider serves the model \(model); choose another model"
            }
            let shown = other.unicodeScalars.prefix(40).filter { (0x20..<0x7F).contains($0.value) }
            return
                "the model \(model) is not served for \(task.rawValue) but for \(String(String.UnicodeScalarView(shown))); choose another model"
        }
        let names = fitting.prefix(10).map { entry in
            entry.provider
                + (!entry.isLive ? " (not live)" : entry.isAdapter ? " (as an addition to another model)" : "")
        }
        return
            "the model \(model) is served by \(names.joined(separator: ", ")), and edge speaks \(spoken.joined(separator: ", ")); choose another model"
    }
}

extension HFMapping.Entry {
    fileprivate init?(_ value: JSONValue, provider: String) {
        // The array form says hfModelId where the object form is keyed; the provider's own name is providerId in both.
        guard let id = (value["providerId"] ?? value["hfModelId"])?.string, !id.isEmpty,
            let task = value["task"]?.string
        else { return nil }
        self.init(
            provider: provider,
            providerID: id,
            isLive: value["status"]?.string == "live",
            task: task,
            isAdapter: value["adapter"].map { !$0.isNull } ?? false
        )
    }
}
