// functions.json as a value: the host's settings and its functions.

/// What functions.json says. Equal manifests lead to equal behaviour, so a reload changes only what differs.
package struct Manifest: Sendable, Equatable {
    /// Settings of the host itself.
    package var host: HostSettings
    /// The functions, in the order of the file; no two have the same name.
    package var functions: [FunctionEntry]

    package init(host: HostSettings = HostSettings(), functions: [FunctionEntry] = []) {
        self.host = host
        self.functions = functions
    }

    /// The function of that name; letter case matters.
    package subscript(name: String) -> FunctionEntry? { functions.first { $0.name == name } }

    /// Whether there is a function that delivers webhooks.
    var canDeliver: Bool { self[WebhookOutbox.function].map { !$0.isPublic && $0.job != nil } ?? false }

    /// Whether there is a function that fetches key sets.
    var canFetchKeys: Bool { self[KeySetFetch.function].map { !$0.isPublic && $0.job == nil } ?? false }

    /// Every name that some function lists under `secrets`: what is never printed.
    package var secretNames: Set<String> { Set(functions.flatMap(\.secrets)) }

    /// The functions of the other manifest that are new or differ from ours, and the names that it no longer has.
    package func changes(to next: Manifest) -> (changed: [FunctionEntry], removed: [String]) {
        (
            next.functions.filter { self[$0.name] != $0 },
            functions.map(\.name).filter { next[$0] == nil }
        )
    }
}
