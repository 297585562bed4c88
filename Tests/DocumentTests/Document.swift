// A Markdown document of the project, taken apart into what can be checked.
import TestSupport

/// The fenced code blocks, table rows and words of one document.
struct Document {
    struct Block {
        /// What stands behind the opening fence: `sh`, `json`.
        let language: String
        let text: String
        /// Of the opening fence, from 1.
        let line: Int
        /// The heading above, without its marks.
        let heading: String

        /// The file that the block is, when its first line is a comment that holds a file's name and nothing else.
        var fileName: String? {
            let first = text.prefix { $0 != "\n" }
            for mark in ["# ", "// "] where first.hasPrefix(mark) {
                let name = first.dropFirst(mark.count)
                if name.contains("."), !name.contains(" ") { return String(name) }
            }
            return nil
        }
    }

    let name: String
    let text: String
    let blocks: [Block]
    /// The cells of each table row with the heading above it; header rows and rules are left out.
    let rows: [(heading: String, cells: [String])]

    /// - Parameter name: a file in the project's folder.
    init(_ name: String) {
        guard let text = fileText("\(Self.projectFolder)/\(name)") else { preconditionFailure("no \(name)") }
        self.init(name: name, text: text)
    }

    init(name: String, text: String) {
        self.name = name
        self.text = text
        var blocks: [Block] = []
        var rows: [(heading: String, cells: [String])] = []
        var heading = ""
        var open: (language: String, line: Int, lines: [Substring])?
        var tableLine = 0
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if let block = open {
                guard line == "```" else {
                    open?.lines.append(line)
                    continue
                }
                let text = block.lines.map { $0 + "\n" }.joined()
                blocks.append(Block(language: block.language, text: text, line: block.line, heading: heading))
                open = nil
            } else if line.hasPrefix("```") {
                open = (String(line.dropFirst(3)), index + 1, [])
            } else if line.hasPrefix("#") {
                heading = Self.trimmed(line.drop { $0 == "#" })
            }
            guard open == nil, line.hasPrefix("|") else {
                tableLine = 0
                continue
            }
            tableLine += 1
            if tableLine > 2 { rows.append((heading, Self.cells(line))) }
        }
        precondition(open == nil, "\(name): the block of line \(open?.line ?? 0) is never closed")
        self.blocks = blocks
        self.rows = rows
    }

    func blocks(_ language: String, under heading: String? = nil) -> [Block] {
        blocks.filter { $0.language == language && (heading == nil || $0.heading == heading) }
    }

    func rows(under heading: String) -> [[String]] { rows.filter { $0.heading == heading }.map(\.cells) }

    /// What stands between single backticks, outside of code blocks.
    var codeSpans: [String] {
        var spans: [String] = []
        var isFenced = false
        for line in text.split(separator: "\n") {
            if line.hasPrefix("```") { isFenced.toggle() }
            if isFenced || line.hasPrefix("```") { continue }
            spans += line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }.map { String($0.element) }
        }
        return spans
    }

    /// The targets of links to other files of the project.
    var links: [String] {
        text.matches(of: /\]\(([^)#:]+)\)/).map { String($0.output.1) }
    }

    /// Where the documents are.
    static let projectFolder = String(BuiltPrograms.manifest.dropLast("/functions.json".count))

    private static func cells(_ row: Substring) -> [String] {
        row.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map(trimmed)
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " { text = text.dropFirst() }
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }
}
