// What a provider can do of a request, and what becomes of the rest.

/// What a provider's requests have places for, as far as that is known before it is asked.
public struct ProviderAbilities: Sendable, Equatable {
    /// Which sizes can be asked for.
    public enum Sizes: Sendable, Equatable {
        case any
        case steps(of: Int, in: ClosedRange<Int>)
        /// Width and height in pairs.
        case listed([[Int]])
    }

    public var parameters: Parameters
    public var sizes: Sizes
    /// What it makes.
    public var kinds: Set<ImageRequest.Kind>

    public init(_ parameters: Parameters, sizes: Sizes = .any, kinds: Set<ImageRequest.Kind> = [.image]) {
        self.parameters = parameters
        self.sizes = sizes
        self.kinds = kinds
    }

    /// A part of a request that has no place here, and what could be asked for instead.
    public struct Lack: Sendable, Equatable {
        public let parameter: Parameter
        public let advice: String
    }

    /// What of a request cannot be done, in the order of ``Parameter``.
    public func lacks(of request: ImageRequest) -> [Lack] {
        var lacks: [Lack] = []
        for parameter in request.given.list {
            if !parameters.contains(parameter) {
                let offered = parameters.list.map(\.rawValue).joined(separator: ", ")
                lacks.append(Lack(parameter: parameter, advice: offered.isEmpty ? "a prompt alone" : offered))
            } else if let advice = misfit(parameter, request) {
                lacks.append(Lack(parameter: parameter, advice: advice))
            }
        }
        return lacks
    }

    /// Why a width or height that was asked for cannot be had.
    private func misfit(_ parameter: Parameter, _ request: ImageRequest) -> String? {
        let side: Int? =
            switch parameter {
            case .width: request.width
            case .height: request.height
            default: nil
            }
        guard let side else { return nil }
        switch sizes {
        case .any: return nil
        case .steps(let step, let range):
            guard !range.contains(side) || !side.isMultiple(of: step) else { return nil }
            return "a multiple of \(step) from \(range.lowerBound) to \(range.upperBound)"
        case .listed(let sizes):
            guard !sizes.contains([request.width ?? -1, request.height ?? -1]) else { return nil }
            return sizes.map { $0.map(String.init).joined(separator: "x") }.joined(separator: ", ")
        }
    }
}
