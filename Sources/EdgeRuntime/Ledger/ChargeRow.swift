// One settled charge, as the database keeps it.
internal import Callers
internal import CivilTime
internal import JSON
internal import Ledger

/// Money that was spent, or may have been, on one attempt of a job. Kept once, however often it is written.
struct ChargeRow: Sendable, Equatable {
    enum Kind: String, Sendable {
        /// What the provider said that it cost.
        case told
        /// What the price list says, for the provider said nothing.
        case listed
        /// Nobody knows whether it was paid: the listed price stands in.
        case perhaps
        /// It was made, and nobody knows what it cost.
        case unknown
        /// It went on the caller's own token: no money of the host's, and counted apart.
        case own
    }

    let generation: String
    /// The number of the attempt that began what was paid; later ones may have asked about it.
    let attempt: Int
    let at: Timestamp
    let payer: Payer
    let lane: String
    let provider: String
    let model: String?
    let amount: Int64
    let kind: Kind

    var id: String { Self.id(generation, attempt) }

    /// Whether money of the host's was spent, or may have been.
    var isSpending: Bool { amount > 0 || kind == .unknown }

    static func id(_ generation: String, _ attempt: Int) -> String { "\(generation)/\(attempt)" }

    /// More than this is no price, but a mistake that would break every sum.
    static let amountMax: Int64 = 1_000_000_000_000_000

    static func bounded(_ amount: Int64) -> Int64 { min(max(amount, 0), amountMax) }

    /// The charges that a job document tells of.
    static func rows(in document: JSONObject) -> [ChargeRow] {
        guard let generation = document["generation"]?.string, let function = document["function"]?.string else {
            return []
        }
        let attempts = (document["attempts"]?.array ?? []).filter { $0["cost"] != nil || $0["costUnknown"] != nil }
            .compactMap { Attempt($0) }
        guard !attempts.isEmpty else { return [] }
        let caller = (document["payer"] ?? document["caller"]).flatMap { Caller($0) } ?? .local
        let lanes = document["lanes"]?.array ?? []
        return attempts.compactMap { attempt in
            guard attempt.isCharged else { return nil }
            let name = attempt.lane ?? function
            let lane = lanes.first { $0["name"]?.string == name }
            guard lane?["provider"]?.string != Lane.hostProvider else { return nil }
            let isOwn = lane?["own"]?.bool ?? false
            return ChargeRow(
                generation: generation,
                attempt: attempt.purchase,
                at: attempt.ended ?? attempt.started,
                payer: Payer(function: function, caller: caller),
                lane: name,
                provider: lane?["provider"]?.string ?? name,
                model: lane?["model"]?.string,
                amount: isOwn ? 0 : bounded(attempt.cost ?? 0),
                kind: isOwn ? .own : attempt.cost == nil ? .unknown : attempt.isPerhapsPaid ? .perhaps : .told
            )
        }
    }
}

extension Payer {
    init(function: String, caller: Caller) {
        self.init(
            function: function,
            tier: caller.tier.rawValue,
            key: caller.id.hasPrefix("key:") ? caller.id : nil,
            user: caller.user.map { Self.named($0, by: caller.id) } ?? caller.id,
            group: caller.group.map { Self.named($0, by: caller.id) }
        )
    }

    /// Users and groups belong to the key that names them: another key's user of that name is somebody else.
    private static func named(_ name: String, by key: String) -> String { "\(key)/\(name)" }
}
