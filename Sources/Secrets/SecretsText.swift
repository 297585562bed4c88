// The text of secrets.env while it is changed: the statements of some names, everything else as it was.

struct SecretsText {
    private static let header = "# Kept by `edge secrets`. Other lines and comments stay as they are.\n"

    let bytes: [UInt8]
    private let statements: [(name: String, bytes: Range<Int>)]

    init(_ raw: [UInt8], name: String) throws(SettingsError) {
        let text: EnvFileText
        do {
            text = try EnvFileText(raw, name: name)
        } catch {
            throw .notAnEnvFile(error)
        }
        var parser = EnvFileParser(text: text, name: name, environment: [:])
        parser.parse()
        // What is added below an unclosed quote could close it, and then means something else.
        let unclosed = parser.diagnostics.first {
            $0.reason == .unclosedSingleQuote || $0.reason == .unclosedDoubleQuote
        }
        if let unclosed { throw .unclosedQuote(unclosed) }
        bytes = text.bytes
        statements = parser.statements
    }

    /// Every name that is set.
    var names: Set<String> { Set(statements.map(\.name)) }

    /// The text in which the last statement of each name has the new value, and new names are at the end in their order.
    /// - Parameter secrets: names with their values as they are written.
    func setting(_ secrets: [(name: String, quoted: String)]) -> [UInt8] {
        var values: [String: String] = [:]
        for (name, quoted) in secrets { values[name] = quoted }
        var lastOfName: [String: Int] = [:]
        for (index, statement) in statements.enumerated() { lastOfName[statement.name] = index }
        var result = rewritten { index, name in
            guard lastOfName[name] == index, let value = values.removeValue(forKey: name) else { return nil }
            return "\(name)=\(value)\n"
        }
        if result.isEmpty { result = Array(Self.header.utf8) }
        if result.last != .lineFeed { result.append(.lineFeed) }
        for (name, _) in secrets {
            if let value = values.removeValue(forKey: name) { result += "\(name)=\(value)\n".utf8 }
        }
        return result
    }

    /// The text without any statement that sets one of `names`.
    func unsetting(_ names: Set<String>) -> [UInt8] {
        rewritten { _, name in names.contains(name) ? "" : nil }
    }

    /// Puts what `replacement` returns in the place of a statement; nil keeps it.
    private func rewritten(_ replacement: (Int, String) -> String?) -> [UInt8] {
        var result: [UInt8] = []
        var copied = 0
        for (index, statement) in statements.enumerated() {
            guard let text = replacement(index, statement.name) else { continue }
            result += bytes[copied..<statement.bytes.lowerBound]
            result += text.utf8
            copied = statement.bytes.upperBound
        }
        return result + bytes[copied...]
    }
}
