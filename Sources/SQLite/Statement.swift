// A prepared statement: made by its database, freed here.
internal import CSQLite

/// SQL that was read once and runs again and again.
package struct Statement: ~Copyable {
    private let raw: OpaquePointer
    private let path: String

    init(_ raw: OpaquePointer, path: String) {
        self.raw = raw
        self.path = path
    }

    deinit { sqlite3_finalize(raw) }

    /// Runs it to its end; rows are passed over.
    package func run(_ values: [SQLValue] = []) throws(SQLiteError) {
        try each(values) { _ in }
    }

    /// Runs it and hands over each row, which must not be kept.
    package func each(_ values: [SQLValue] = [], _ body: (borrowing Row) -> Void) throws(SQLiteError) {
        defer {
            sqlite3_reset(raw)
            sqlite3_clear_bindings(raw)
        }
        for (index, value) in values.enumerated() { try check(bind(value, Int32(index + 1))) }
        while true {
            let code = sqlite3_step(raw)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw failure(code) }
            body(Row(raw))
        }
    }

    private func bind(_ value: SQLValue, _ index: Int32) -> Int32 {
        switch value {
        case .integer(let number): return sqlite3_bind_int64(raw, index, number)
        case .null: return sqlite3_bind_null(raw, index)
        case .text(var text):
            return text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    // An empty text may have no address, and that would be null.
                    guard let start = $0.baseAddress else { return edge_sqlite_bind_text(raw, index, "", 0) }
                    return edge_sqlite_bind_text(raw, index, start, Int32(clamping: $0.count))
                }
            }
        }
    }

    private func check(_ code: Int32) throws(SQLiteError) {
        guard code == SQLITE_OK else { throw failure(code) }
    }

    private func failure(_ code: Int32) -> SQLiteError {
        SQLiteError(code: code, path: path, reason: String(cString: sqlite3_errmsg(sqlite3_db_handle(raw))))
    }
}

/// The row that a statement stands at.
package struct Row: ~Copyable {
    private let raw: OpaquePointer

    init(_ raw: OpaquePointer) { self.raw = raw }

    /// The column's number, from 0; 0 for null.
    package func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(raw, column) }

    /// The column's text; nil for null.
    package func text(_ column: Int32) -> String? { sqlite3_column_text(raw, column).map { String(cString: $0) } }
}
