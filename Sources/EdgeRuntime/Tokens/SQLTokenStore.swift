// Sealed tokens in the state folder's database.
internal import CivilTime
internal import Digest
internal import Glibc
internal import SQLite
internal import Secrets
internal import Synchronization

/// The table `tokens` of edge.sqlite, over a connection of its own.
final class SQLTokenStore: TokenStore {
    static let name = "edge.sqlite"

    private let database: Mutex<Database>

    /// - Parameter state: the state folder.
    init(state: String) throws(SQLiteError) {
        let path = "\(state)/\(Self.name)"
        // SQLite gives its other files the mode of this one.
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
        let database = try Database(path: path, creates: true)
        try database.execute(
            """
            PRAGMA secure_delete = ON;
            CREATE TABLE IF NOT EXISTS tokens (
                owner TEXT NOT NULL, provider TEXT NOT NULL, key TEXT NOT NULL, box TEXT NOT NULL,
                at INTEGER NOT NULL, checked TEXT NOT NULL, PRIMARY KEY (owner, provider)
            ) WITHOUT ROWID
            """
        )
        self.database = Mutex(database)
    }

    func all() throws -> [KeptToken] {
        try database.withLock { database throws(SQLiteError) in
            var tokens: [KeptToken] = []
            let select = try database.prepare("SELECT owner, provider, key, box, at, checked FROM tokens")
            try select.each { row in
                guard let owner = row.text(0), let provider = row.text(1), let key = row.text(2),
                    let digits = row.text(3), let check = row.text(5)
                else { return }
                // What cannot be read opens with no key, and is told as such.
                let box = KeyText.bytes(of: digits, count: digits.utf8.count / 2) ?? []
                tokens.append(
                    KeptToken(
                        owner: owner,
                        provider: provider,
                        sealed: TokenKeys.Sealed(key: key, box: box),
                        set: Timestamp(milliseconds: row.integer(4)),
                        check: check
                    )
                )
            }
            return tokens
        }
    }

    func keep(_ tokens: [KeptToken]) throws {
        try database.withLock { database throws(SQLiteError) in
            let insert = try database.prepare(
                "INSERT OR REPLACE INTO tokens (owner, provider, key, box, at, checked) VALUES (?, ?, ?, ?, ?, ?)"
            )
            try database.transaction { () throws(SQLiteError) in
                for token in tokens {
                    try insert.run([
                        .text(token.owner), .text(token.provider), .text(token.sealed.key),
                        .text(Hex.text(of: token.sealed.box)), .integer(token.set.milliseconds), .text(token.check),
                    ])
                }
            }
        }
    }

    func remove(owner: String, provider: String) throws {
        try database.withLock { database throws(SQLiteError) in
            let delete = try database.prepare("DELETE FROM tokens WHERE owner = ? AND provider = ?")
            try delete.run([.text(owner), .text(provider)])
        }
    }
}
