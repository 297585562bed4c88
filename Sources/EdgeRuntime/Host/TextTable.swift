// Rows as aligned text for a terminal.

enum TextTable {
    /// - Parameter rows: the first one holds the titles; all are equally long.
    static func text(_ rows: [[String]]) -> String {
        guard let titles = rows.first else { return "" }
        let widths = titles.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
