// The ledger's database: settled charges, and what the host must remember about spending. All calls block.
internal import CivilTime
internal import Glibc
internal import Ledger
internal import SQLite

/// Unchecked, yet safe: made and used on pool threads, by one call at a time (``LedgerWriter/perform(_:)``).
final class LedgerStore: @unchecked Sendable {
    static let name = "edge.sqlite"
    private static let version: Int64 = 2

    private let database: Database
    private let insert: Statement

    /// Remembered beside the charges.
    enum Note: String {
        /// Charges up to this moment are all here (milliseconds since 1970).
        case settledThrough
        /// Stopped by hand.
        case stopped
        /// When the day began in which the stopping amount has refused something, that amount, and the least that was refused, with slashes
        /// between.
        case stoppedDay
        /// When the day began in which the owner said to go on, and what had been spent in it by then.
        case resumedDay, resumedSpent
        /// How often that was said in that day.
        case resumedTimes
        /// Names of alerts that are on their way, with commas between.
        case told
        /// What tells this ledger from all others.
        case name
        /// The zone of the days, for commands that find no host.
        case timeZone
    }

    /// Opens the database of a state folder.
    /// - Parameter creates: false: a missing file is an error.
    init(state: String, creates: Bool = true) throws(SQLiteError) {
        let path = "\(state)/\(Self.name)"
        if creates {
            // SQLite gives its other files the mode of this one: who pays for what is the owner's business alone.
            let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
            if descriptor >= 0 { close(descriptor) }
        }
        let database = try Database(path: path, creates: creates)
        try Self.makeTables(in: database, path)
        insert = try database.prepare(
            """
            INSERT OR IGNORE INTO charges
            (id, at, function, provider, model, lane, tier, key, user, grp, amount, kind)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        self.database = database
    }

    private static func makeTables(in database: borrowing Database, _ path: String) throws(SQLiteError) {
        let found = try database.version()
        guard found <= version else {
            throw SQLiteError(path: path, reason: "a newer edge has written it (version \(found)); use that one")
        }
        guard found < version else { return }
        // Version 1 had users and groups without the key that had named them.
        try database.execute(
            """
            BEGIN IMMEDIATE;
            CREATE TABLE IF NOT EXISTS charges (
                id TEXT PRIMARY KEY, at INTEGER NOT NULL, function TEXT NOT NULL, provider TEXT NOT NULL, model TEXT,
                lane TEXT NOT NULL, tier TEXT NOT NULL, key TEXT, user TEXT NOT NULL, grp TEXT,
                amount INTEGER NOT NULL, kind TEXT NOT NULL
            );
            CREATE INDEX IF NOT EXISTS charges_at ON charges (at);
            CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
            UPDATE charges SET user = key || '/' || user WHERE key IS NOT NULL AND user <> key;
            UPDATE charges SET grp = key || '/' || grp WHERE key IS NOT NULL AND grp IS NOT NULL;
            PRAGMA user_version = \(version);
            COMMIT;
            """
        )
    }

    // MARK: Charges

    /// Keeps charges; those that are kept already stay as they are.
    /// - Parameter through: up to when all charges are here then.
    func add(_ rows: [ChargeRow], through: Timestamp?) throws(SQLiteError) {
        try database.transaction { () throws(SQLiteError) in
            for row in rows {
                try insert.run([
                    .text(row.id), .integer(row.at.milliseconds), .text(row.payer.function), .text(row.provider),
                    .optional(row.model), .text(row.lane), .text(row.payer.tier), .optional(row.payer.key),
                    .text(row.payer.user), .optional(row.payer.group), .integer(row.amount), .text(row.kind.rawValue),
                ])
            }
            if let through { try setNotes([.settledThrough: String(through.milliseconds)]) }
        }
    }

    /// The ids of all charges of some generations.
    func ids(of generations: [String]) throws(SQLiteError) -> Set<String> {
        let find = try database.prepare("SELECT id FROM charges WHERE id >= ? AND id < ?")
        var found: Set<String> = []
        for generation in generations {
            // "0" comes right after "/".
            try find.each([.text("\(generation)/"), .text("\(generation)0")]) { row in
                if let id = row.text(0) { found.insert(id) }
            }
        }
        return found
    }

    /// What each subject has spent.
    /// - Parameter totals: of which scopes all charges count; of the others those of the month.
    func sums(
        of scopes: Set<BudgetScope>,
        totals: Set<BudgetScope>,
        clock: PeriodClock
    ) throws(SQLiteError) -> [Subject: Spent] {
        var sums: [Subject: Spent] = [:]
        for scope in scopes {
            let column = Self.column(of: scope)
            let select = try database.prepare(
                """
                SELECT \(column), SUM(CASE WHEN at >= ?1 THEN amount ELSE 0 END),
                SUM(CASE WHEN at >= ?2 THEN amount ELSE 0 END), SUM(amount)
                FROM charges WHERE at >= ?3 AND \(column) IS NOT NULL GROUP BY 1
                """
            )
            let from = totals.contains(scope) ? Int64.min : clock.monthStart.milliseconds
            try select.each([
                .integer(clock.dayStart.milliseconds), .integer(clock.monthStart.milliseconds), .integer(from),
            ]) { row in
                let spent = Spent(day: row.integer(1), month: row.integer(2), total: row.integer(3))
                sums[Subject(scope, row.text(0) ?? "")] = spent
            }
        }
        return sums
    }

    static func column(of scope: BudgetScope) -> String {
        switch scope {
        case .all: "''"
        case .group: "grp"
        case .function, .provider, .tier, .key, .user: scope.rawValue
        }
    }

    /// Sums of amounts and counts, by a column or by day.
    func usage(by grouping: UsageGrouping, since: Timestamp?, zone: TimeZone) throws(SQLiteError) -> [UsageLine] {
        // Every zone's days begin at a whole quarter of an hour.
        let quarter: Int64 = 900_000
        let isByDay = grouping == .day
        let column = isByDay ? "at / \(quarter)" : grouping.rawValue
        let select = try database.prepare(
            """
            SELECT \(column), SUM(kind <> 'own'), SUM(amount), SUM(kind = 'perhaps'),
            SUM(CASE WHEN kind = 'perhaps' THEN amount ELSE 0 END), SUM(kind = 'unknown'), SUM(kind = 'own')
            FROM charges WHERE at >= ? GROUP BY 1 ORDER BY 1
            """
        )
        var lines: [UsageLine] = []
        try select.each([.integer(since?.milliseconds ?? .min)]) { row in
            let name =
                isByDay ? zone.dayText(of: Timestamp(milliseconds: row.integer(0) * quarter)) : row.text(0) ?? "-"
            let line = UsageLine(
                name: name,
                charges: row.integer(1),
                amount: row.integer(2),
                perhaps: row.integer(3),
                perhapsAmount: row.integer(4),
                unknown: row.integer(5),
                own: row.integer(6)
            )
            if let last = lines.last, last.name == name {
                lines[lines.count - 1] = last.adding(line)
            } else {
                lines.append(line)
            }
        }
        return lines
    }

    // MARK: Notes

    func notes() throws(SQLiteError) -> [Note: String] {
        var notes: [Note: String] = [:]
        try database.prepare("SELECT name, value FROM notes").each { row in
            if let note = row.text(0).flatMap({ Note(rawValue: $0) }) { notes[note] = row.text(1) }
        }
        return notes
    }

    /// Keeps notes, all or none. Part of a transaction where one is open.
    func setNotes(_ notes: [Note: String?]) throws(SQLiteError) {
        for (note, value) in notes {
            if let value {
                try database.prepare("INSERT OR REPLACE INTO notes VALUES (?, ?)").run([
                    .text(note.rawValue), .text(value),
                ])
            } else {
                try database.prepare("DELETE FROM notes WHERE name = ?").run([.text(note.rawValue)])
            }
        }
    }

    func keep(_ notes: [Note: String?]) throws(SQLiteError) {
        try database.transaction { () throws(SQLiteError) in try setNotes(notes) }
    }
}
