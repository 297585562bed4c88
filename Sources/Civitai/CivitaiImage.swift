// One image of a workflow: whether it may be had, where, and how it was rated.
internal import JSON

struct CivitaiImage: Sendable {
    let json: JSONValue

    init(_ json: JSONValue) { self.json = json }

    var id: WorkflowID? { json["id"]?.string.flatMap { WorkflowID($0) } }

    /// A signed address, good for minutes. Nil unless the image is there: an address of one that is not is dead.
    var address: String? {
        guard isAvailable, let url = json["url"]?.string, !url.isEmpty else { return nil }
        return url
    }

    var isAvailable: Bool { json["available"]?.bool ?? false }

    /// Why it was held back.
    var blockedReason: String? {
        guard !isAvailable, let reason = json["blockedReason"]?.string, !reason.isEmpty else { return nil }
        return reason
    }

    var rating: String? { json["nsfwLevel"]?.string }

    /// Rated as nothing that everybody may see. A rating that is not known counts as one, so that a new word lets nothing through.
    var isMature: Bool {
        switch rating {
        case nil, "pg", "pg13", "na": false
        default: true
        }
    }
}
