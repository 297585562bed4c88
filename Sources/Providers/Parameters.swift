// Some of the parts of a request, a bit for each: asked about at every admission and every run.

/// A set of ``Parameter``.
public struct Parameters: SetAlgebra, Sendable, Hashable {
    private var bits: UInt16 = 0

    public init() {}

    public static let all = Parameters(Parameter.allCases)

    public func contains(_ parameter: Parameter) -> Bool { bits & parameter.bit != 0 }

    @discardableResult
    public mutating func insert(_ parameter: Parameter) -> (inserted: Bool, memberAfterInsert: Parameter) {
        let isNew = !contains(parameter)
        bits |= parameter.bit
        return (isNew, parameter)
    }

    @discardableResult
    public mutating func remove(_ parameter: Parameter) -> Parameter? {
        let had = contains(parameter)
        bits &= ~parameter.bit
        return had ? parameter : nil
    }

    @discardableResult
    public mutating func update(with parameter: Parameter) -> Parameter? {
        insert(parameter).inserted ? nil : parameter
    }

    public mutating func formUnion(_ other: Parameters) { bits |= other.bits }
    public mutating func formIntersection(_ other: Parameters) { bits &= other.bits }
    public mutating func formSymmetricDifference(_ other: Parameters) { bits ^= other.bits }

    public func union(_ other: Parameters) -> Parameters { Parameters(bits: bits | other.bits) }
    public func intersection(_ other: Parameters) -> Parameters { Parameters(bits: bits & other.bits) }
    public func symmetricDifference(_ other: Parameters) -> Parameters { Parameters(bits: bits ^ other.bits) }
    public func subtracting(_ other: Parameters) -> Parameters { Parameters(bits: bits & ~other.bits) }
    public var isEmpty: Bool { bits == 0 }

    /// Its members, in the order of ``Parameter``.
    public var list: [Parameter] { isEmpty ? [] : Parameter.allCases.filter(contains) }

    private init(bits: UInt16) { self.bits = bits }
}

extension Parameter {
    fileprivate var bit: UInt16 {
        switch self {
        case .negativePrompt: 1
        case .width: 1 << 1
        case .height: 1 << 2
        case .steps: 1 << 3
        case .guidanceScale: 1 << 4
        case .seed: 1 << 5
        case .scheduler: 1 << 6
        case .image: 1 << 7
        case .mask: 1 << 8
        case .strength: 1 << 9
        case .loras: 1 << 10
        case .safety: 1 << 11
        case .duration: 1 << 12
        }
    }
}
