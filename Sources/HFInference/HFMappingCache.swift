// Mappings that were asked for lately: the Hub allows some 1000 look-ups in 5 minutes.
internal import CivilTime

/// Remembers mappings for a time, and no more of them than a limit. The time is an argument.
struct HFMappingCache: Sendable {
    static let modelsMax = 256
    static let freshFor: Duration = .seconds(600)
    /// A model that nobody serves is asked about again soon: it may just have been added.
    static let emptyFor: Duration = .seconds(30)
    /// When the Hub cannot be asked, an older mapping serves.
    static let staleFor: Duration = .seconds(86_400)

    private struct Kept {
        let mapping: HFMapping
        let since: Timestamp
    }

    private var kept: [HFModelID: Kept] = [:]

    func fresh(_ model: HFModelID, at now: Timestamp) -> HFMapping? {
        kept[model].flatMap {
            now - $0.since < ($0.mapping.hasRoute ? Self.freshFor : Self.emptyFor) ? $0.mapping : nil
        }
    }

    func stale(_ model: HFModelID, at now: Timestamp) -> HFMapping? {
        kept[model].flatMap { now - $0.since < Self.staleFor ? $0.mapping : nil }
    }

    mutating func keep(_ mapping: HFMapping, of model: HFModelID, at now: Timestamp) {
        if kept[model] == nil, kept.count >= Self.modelsMax,
            let oldest = kept.min(by: { $0.value.since < $1.value.since })
        {
            kept[oldest.key] = nil
        }
        kept[model] = Kept(mapping: mapping, since: now)
    }

    /// The next look-up asks the Hub: what was known has proved wrong.
    mutating func forget(_ model: HFModelID) { kept[model] = nil }
}
