// The statements of an env file, one after the other. A malformed one sets nothing and costs as few lines as possible.

struct EnvFileParser {
    private(set) var assignments: [EnvFile.Assignment] = []
    private(set) var diagnostics: [EnvFileDiagnostic] = []
    /// Where the statements lie in the text, for who edits the file; duplicates included.
    private(set) var statements: [(name: String, bytes: Range<Int>)] = []

    private let bytes: [UInt8]
    private let name: String
    private let environment: [String: String]
    private var position = 0
    private var line = 1
    private var valueBytes = 0
    private var index: [String: Int] = [:]

    init(text: EnvFileText, name: String, environment: [String: String]) {
        bytes = text.bytes
        self.name = name
        self.environment = environment
    }

    mutating func parse() {
        while true {
            skipBlanksAndLines()
            guard position < bytes.count else { return }
            if bytes[position] == .hash {
                skipRestOfLine()
            } else {
                parseStatement()
            }
        }
    }

    private mutating func parseStatement() {
        let start = position
        let startLine = line
        skipExport()
        let nameStart = position
        position = EnvFileText.nameEnd(in: bytes, from: nameStart)
        guard position > nameStart else { return reject(.noName) }
        let variable = String(decoding: bytes[nameStart..<position], as: UTF8.self)
        let nameBytes = position - nameStart
        skipBlanks()
        guard position < bytes.count, bytes[position] == .equals else {
            guard atEndOrComment else { return reject(.textAfterName) }
            return skipRestOfLine()
        }
        position += 1
        guard let template = readValue() else { return }
        guard atEndOrComment else { return reject(.textAfterQuote) }
        skipRestOfLine()

        let room = min(EnvFile.assignmentBytesMax - nameBytes - 2, EnvFile.valueBytesMax - valueBytes)
        guard let value = template.resolved(bytesMax: room, lookUp: lookUp) else {
            let fileIsFull = room < EnvFile.assignmentBytesMax - nameBytes - 2
            return report(fileIsFull ? .valuesTooLong : .assignmentTooLong, line: startLine)
        }
        valueBytes += value.count
        statements.append((variable, start..<position))
        let text = SecretValue(String(decoding: value, as: UTF8.self))
        let assignment = EnvFile.Assignment(name: variable, value: text, line: startLine)
        if let known = index[variable] {
            assignments[known] = assignment
        } else {
            index[variable] = assignments.count
            assignments.append(assignment)
        }
    }

    /// `export` with blanks behind it is a keyword, anything else that begins so is a name.
    private mutating func skipExport() {
        let end = position + 6
        guard end < bytes.count, bytes[position..<end].elementsEqual("export".utf8), bytes[end].isEnvBlank else {
            return
        }
        position = end
        skipBlanks()
    }

    /// Reads what follows `=` up to the end of the value; nil after a diagnostic.
    private mutating func readValue() -> EnvTemplate? {
        let afterEquals = position
        skipBlanks()
        guard position < bytes.count else { return EnvTemplate.empty }
        switch bytes[position] {
        case .lineFeed:
            return EnvTemplate.empty
        case .hash where position > afterEquals:
            return EnvTemplate.empty  // `A= # x` is a comment, `A=#x` a value
        case .singleQuote:
            guard let inside = readQuoted(.singleQuote, unclosed: .unclosedSingleQuote) else { return nil }
            return EnvTemplate(singleQuoted: bytes[inside])
        case .doubleQuote:
            guard let inside = readQuoted(.doubleQuote, unclosed: .unclosedDoubleQuote) else { return nil }
            return EnvTemplate(doubleQuoted: bytes[inside])
        default:
            return EnvTemplate(unquoted: bytes[readUnquoted()])
        }
    }

    private mutating func readQuoted(_ quote: UInt8, unclosed: EnvFileDiagnostic.Reason) -> Range<Int>? {
        let start = position + 1
        var end = start
        var lines = 0
        while end < bytes.count, bytes[end] != quote {
            if bytes[end] == .backslash, end + 1 < bytes.count { end += 1 }  // takes the next byte along
            if bytes[end] == .lineFeed { lines += 1 }
            end += 1
        }
        guard end < bytes.count else {
            reject(unclosed)  // goes on at the line after the quote, so that one slip does not hide the whole file
            return nil
        }
        position = end + 1
        line += lines
        skipBlanks()
        return start..<end
    }

    private mutating func readUnquoted() -> Range<Int> {
        let start = position
        var end = start
        while position < bytes.count, bytes[position] != .lineFeed {
            if bytes[position] == .hash, position > end { break }  // blanks before #: a comment
            position += 1
            if !bytes[position - 1].isEnvBlank { end = position }
        }
        return start..<end
    }

    private func lookUp(_ name: String) -> String? {
        environment[name] ?? index[name].map { assignments[$0].value.reveal() }
    }

    private var atEndOrComment: Bool {
        position == bytes.count || bytes[position] == .lineFeed || bytes[position] == .hash
    }

    private mutating func skipBlanks() {
        while position < bytes.count, bytes[position].isEnvBlank { position += 1 }
    }

    private mutating func skipBlanksAndLines() {
        while position < bytes.count, bytes[position].isEnvBlank || bytes[position] == .lineFeed {
            if bytes[position] == .lineFeed { line += 1 }
            position += 1
        }
    }

    /// Moves behind the line end of the current line.
    private mutating func skipRestOfLine() {
        while position < bytes.count, bytes[position] != .lineFeed { position += 1 }
        guard position < bytes.count else { return }
        position += 1
        line += 1
    }

    private mutating func reject(_ reason: EnvFileDiagnostic.Reason) {
        report(reason, line: line)
        skipRestOfLine()
    }

    private mutating func report(_ reason: EnvFileDiagnostic.Reason, line: Int) {
        diagnostics.append(EnvFileDiagnostic(file: name, line: line, reason: reason))
    }
}
