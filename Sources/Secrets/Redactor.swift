// Replaces secrets in text before it leaves the process.

/// Replaces every secret of six or more characters by its name in brackets, also where it is percent-encoded,
/// JSON-escaped or in base64. The longest match wins. Time grows with the text, whatever the secrets are; without
/// secrets nothing is looked at. A value: make a new one when the secrets change.
public struct Redactor: Sendable {
    let patterns: SecretPatterns

    /// A redactor that changes nothing.
    public static let none = Redactor([])

    /// Looks for these secrets from now on. One name may come with several values.
    public init(_ secrets: [(name: String, value: SecretValue)]) {
        patterns = SecretPatterns(secrets)
    }

    /// Whether there is nothing to look for.
    public var isEmpty: Bool { patterns.isEmpty }

    /// `text` with every secret replaced by `[NAME]`.
    public func redact(_ text: String) -> String {
        guard !isEmpty else { return text }
        var text = text
        return text.withUTF8 { buffer in replaced(in: buffer) }.map { String(decoding: $0, as: UTF8.self) } ?? text
    }

    /// `bytes` with every secret replaced by `[NAME]`.
    public func redact(_ bytes: [UInt8]) -> [UInt8] {
        guard !isEmpty else { return bytes }
        return bytes.withUnsafeBufferPointer { buffer in replaced(in: buffer) } ?? bytes
    }

    private func replaced(in text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var scan = RedactingScan()
        var result: [UInt8] = []
        scan.run(text, patterns, isLast: true, into: &result)
        return scan.hits > 0 ? result : nil
    }
}

/// Redacts text that arrives in pieces, cut at any place. Holds back at most 63 bytes: the end of what arrived,
/// while it may be the beginning of a secret.
public struct RedactingStream: Sendable {
    private let patterns: SecretPatterns
    private var held: [UInt8] = []
    private var scan = RedactingScan()

    /// A stream that replaces what `redactor` looks for.
    public init(_ redactor: Redactor) { patterns = redactor.patterns }

    /// Takes the next piece and appends what is certain to `output`.
    public mutating func push(_ piece: [UInt8], into output: inout [UInt8]) {
        guard !patterns.isEmpty else {
            output += piece
            return
        }
        held += piece
        run(isLast: false, into: &output)
    }

    /// Appends what was held back, at the end or when nothing came for a while. The stream can go on after it.
    public mutating func finish(into output: inout [UInt8]) { run(isLast: true, into: &output) }

    /// Whether a piece of text waits for what comes next.
    public var isHolding: Bool { !held.isEmpty || scan.isOpen }

    private mutating func run(isLast: Bool, into output: inout [UInt8]) {
        let done = held.withUnsafeBufferPointer { scan.run($0, patterns, isLast: isLast, into: &output) }
        held.removeFirst(done)
    }
}
