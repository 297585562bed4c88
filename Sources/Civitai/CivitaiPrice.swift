// What a workflow costs, and what was charged for it, in Buzz: an account's balance at Civitai, and never dollars.
internal import Glibc  // rounding, in debug builds: links the mathematics library
internal import JSON

struct CivitaiPrice: Sendable, Equatable {
    /// What it costs in all.
    let total: Int64?
    /// What was charged less what was given back; nil where the answer does not say.
    let charged: Int64?
    /// Whether the account has less than it costs; nil where the answer does not say.
    let isLacking: Bool?

    /// - Parameter workflow: as an answer shows it; that of a trial may have no id.
    init(_ workflow: JSONValue) {
        total = workflow["cost"]?["total"]?.double.flatMap { Self.whole($0.rounded(.up)) }
        let transactions = workflow["transactions"]
        charged = transactions?["list"]?.array?.prefix(CivitaiWorkflow.listMax).reduce(0) { sum, entry in
            let amount = entry["amount"]?.double.flatMap { Self.whole($0.rounded()) } ?? 0
            return sum + (entry["type"]?.string == "credit" ? -amount : amount)
        }
        isLacking =
            switch transactions?["insufficientBuzz"] {
            case .bool(let isLacking): isLacking
            case .integer(let amount): amount > 0
            case .double(let amount): amount > 0
            default: nil
            }
    }

    /// Whether it may have been paid, though nothing came of it.
    var mayBePaid: Bool { charged.map { $0 > 0 } ?? true }

    /// Nil for a number that is no count of anything.
    static func whole(_ number: Double) -> Int64? {
        number.isFinite && abs(number) < 1e12 ? Int64(number) : nil
    }
}
