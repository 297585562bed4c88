import SQLite
import TestSupport
import Testing

struct DatabaseTests {
    @Test func `what was committed is there after the file was closed, and texts come back as they were`() throws {
        let folder = TemporaryFolder()
        let texts = ["", "a 'quoted' \"text\"", "grüße 🦊", String(repeating: "x", count: 100_000)]

        do {
            let database = try Database(path: "\(folder.path)/t.sqlite", creates: true)
            try database.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, v TEXT)")
            let insert = try database.prepare("INSERT INTO t VALUES (?, ?)")
            for (number, text) in texts.enumerated() { try insert.run([.integer(Int64(number)), .text(text)]) }
            try insert.run([.integer(99), .optional(nil)])
        }

        let again = try Database(path: "\(folder.path)/t.sqlite", creates: false)
        var found: [String?] = []
        try again.prepare("SELECT v FROM t ORDER BY n").each { found.append($0.text(0)) }
        #expect(found == texts + [nil])
    }

    @Test func `a transaction that fails leaves nothing`() throws {
        let folder = TemporaryFolder()
        let database = try Database(path: "\(folder.path)/t.sqlite", creates: true)
        try database.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)")

        #expect(throws: SQLiteError.self) {
            try database.transaction { () throws(SQLiteError) in
                try database.execute("INSERT INTO t VALUES (1)")
                try database.execute("INSERT INTO t VALUES (1)")
            }
        }
        try database.transaction { () throws(SQLiteError) in try database.execute("INSERT INTO t VALUES (2)") }

        var numbers: [Int64] = []
        try database.prepare("SELECT n FROM t").each { numbers.append($0.integer(0)) }
        #expect(numbers == [2])
    }

    @Test func `mistakes say which file and what to do`() throws {
        let folder = TemporaryFolder()
        folder.write(String(repeating: "this is no database. ", count: 100), to: "bad.sqlite")

        #expect(throws: SQLiteError.self) { _ = try Database(path: "\(folder.path)/none.sqlite", creates: false) }
        do {
            _ = try Database(path: "\(folder.path)/bad.sqlite", creates: true)
            Issue.record("it was opened")
        } catch {
            #expect(error.kind == .corrupt)
            #expect(error.description.contains("bad.sqlite is damaged"))
            #expect(error.description.contains("move it away"))
        }
    }

    @Test func `a file that may not grow is told as a full disk, and what was there stays`() throws {
        let folder = TemporaryFolder()
        let database = try Database(path: "\(folder.path)/t.sqlite", creates: true)
        try database.execute("CREATE TABLE t (v TEXT); INSERT INTO t VALUES ('kept'); PRAGMA max_page_count = 4")
        let insert = try database.prepare("INSERT INTO t VALUES (?)")

        do {
            try insert.run([.text(String(repeating: "x", count: 100_000))])
            Issue.record("it was written")
        } catch {
            #expect(error.kind == .full)
        }

        var count: Int64 = 0
        try database.prepare("SELECT count(*) FROM t").each { count = $0.integer(0) }
        #expect(count == 1)
    }
}
