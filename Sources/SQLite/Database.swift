// One connection to a SQLite file. All calls block: they are for the pool.
internal import CSQLite

/// A connection, opened here and closed here. One thread at a time may use it and its statements.
package struct Database: ~Copyable {
    /// Beyond this another process's lock is an error.
    private static let busyWait: Int32 = 5000

    private let raw: OpaquePointer
    private let path: String

    /// Opens the file with a write-ahead log, so that readers hold up no writer. What a transaction has committed survives a power cut.
    /// - Parameter creates: whether a missing file is made; else it is an error.
    package init(path: String, creates: Bool) throws(SQLiteError) {
        raw = try Self.open(path, creates: creates)
        self.path = path
    }

    private static func open(_ path: String, creates: Bool) throws(SQLiteError) -> OpaquePointer {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (creates ? SQLITE_OPEN_CREATE : 0)
        var code = sqlite3_open_v2(path, &opened, flags, nil)
        if code == SQLITE_OK, let opened {
            sqlite3_busy_timeout(opened, busyWait)
            // The log is cut after it was long: a file that only grows costs room.
            let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216"
            code = sqlite3_exec(opened, settings, nil, nil, nil)
            if code == SQLITE_OK { return opened }
        }
        let reason = String(cString: opened.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
        sqlite3_close_v2(opened)
        throw SQLiteError(code: code, path: path, reason: reason)
    }

    deinit { sqlite3_close_v2(raw) }

    /// Runs statements that have neither parameters nor rows to read.
    package func execute(_ sql: String) throws(SQLiteError) {
        let code = sqlite3_exec(raw, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code) }
    }

    package func prepare(_ sql: String) throws(SQLiteError) -> Statement {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(raw, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else { throw failure(code) }
        return Statement(statement, path: path)
    }

    /// Runs `body` as one whole: all of it is kept, or nothing.
    package func transaction(_ body: () throws(SQLiteError) -> Void) throws(SQLiteError) {
        try execute("BEGIN IMMEDIATE")
        do {
            try body()
            try execute("COMMIT")
        } catch {
            // A full disk has ended it already: then there is nothing to take back.
            if sqlite3_get_autocommit(raw) == 0 { try? execute("ROLLBACK") }
            throw error
        }
    }

    /// The number that a program keeps in the file for its own version of the tables.
    package func version() throws(SQLiteError) -> Int64 {
        var version: Int64 = 0
        try prepare("PRAGMA user_version").each { version = $0.integer(0) }
        return version
    }

    private func failure(_ code: Int32) -> SQLiteError {
        SQLiteError(code: code, path: path, reason: String(cString: sqlite3_errmsg(raw)))
    }
}
