// What images cost, as far as it is known before they are made.
internal import Providers

/// Rows of prices. A row holds for what equals all that it names; where several do, for the one that names the most.
struct PriceSheet: Sendable, Equatable {
    struct Row: Sendable, Equatable {
        var provider: String
        /// By the provider's own naming.
        var model: String?
        var width: Int?
        var height: Int?
        var steps: Int?
        /// How many LoRAs: a row that names none holds only without any, for they cost something.
        var loras = 0
        var microdollars: Int64

        fileprivate func holds(_ provider: String, _ request: ImageRequest) -> Bool {
            func fits<Value: Equatable>(_ wanted: Value?, _ given: Value?) -> Bool { wanted == nil || wanted == given }
            return provider == self.provider && fits(model, request.model) && fits(width, request.width)
                && fits(height, request.height) && fits(steps, request.steps) && loras == request.loras.count
        }

        fileprivate var weight: Int { [model != nil, width != nil, height != nil, steps != nil].count { $0 } }
    }

    var rows: [Row] = []

    /// In micro-dollars; nil where no row holds. Videos and pictures that begin with another one cost something else, which no
    /// row tells.
    /// - Parameter request: as the provider is asked, with its own model.
    func price(of request: ImageRequest, at provider: String) -> Int64? {
        guard request.kind == .image, request.image == nil else { return nil }
        var best: Row?
        for row in rows where row.holds(provider, request) && row.weight > (best?.weight ?? -1) { best = row }
        return best?.microdollars
    }
}
