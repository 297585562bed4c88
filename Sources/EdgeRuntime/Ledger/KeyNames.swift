// What people call keys, and the users and groups that keys name: `app`, `app/ada`. The ledger knows them by ids: `key:k2v5x9ab3c/ada`.
internal import Callers
internal import Ledger

/// Names of the keys that are not revoked, and back.
struct KeyNames: Sendable, Equatable {
    private var ids: [String: String] = [:]
    private var names: [String: String] = [:]

    /// What the ids of callers begin with who show no key.
    private static let others = ["user:", "role:", "ip:"]
    private static let key = "key:"

    init() {}

    init(_ keys: KeySet) {
        for record in keys.records where record.role == .caller && record.revoked == nil {
            ids[record.name] = Self.key + record.id
            names[Self.key + record.id] = record.name
        }
    }

    /// Whether a text can be `of` in a budget of users or groups: never the name alone, which several keys may give.
    static func canName(_ text: String, _ scope: BudgetScope) -> Bool {
        if let slash = text.firstIndex(of: "/"), slash != text.startIndex, text.index(after: slash) != text.endIndex {
            return true
        }
        return scope == .user && ((others + [key]).contains { text.hasPrefix($0) } || text == Caller.local.id)
    }

    /// The id that the ledger counts by; nil where there is no such key.
    func id(of text: String, _ scope: BudgetScope) -> String? {
        guard !text.hasPrefix(Self.key) else { return text }
        if scope == .key { return ids[text] }
        // The name of a key may hold slashes; one that is there counts.
        for slash in text.indices.reversed() where text[slash] == "/" {
            if let id = ids[String(text[..<slash])] { return id + text[slash...] }
        }
        return scope == .user && (Self.others.contains { text.hasPrefix($0) } || text == Caller.local.id) ? text : nil
    }

    /// What lists show for an id.
    func shown(_ id: String) -> String {
        guard id.hasPrefix(Self.key) else { return id }
        let key = id.prefix { $0 != "/" }
        return names[String(key)].map { $0 + id[key.endIndex...] } ?? id
    }

    /// What callers are told: they know a user or a group by the name that they gave.
    static func told(_ id: String) -> String {
        guard id.hasPrefix(key), let slash = id.firstIndex(of: "/") else { return id }
        return String(id[id.index(after: slash)...])
    }
}
