// What SQLite refuses, in words of which somebody can make something.
internal import CSQLite

/// A failed call, with its file and the way out.
package struct SQLiteError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// Another process holds the file for longer than was waited.
        case busy
        /// The disk has no room.
        case full
        /// The file is damaged, or is no database.
        case corrupt
        /// It is missing, or may not be read or written.
        case noAccess
        case other
    }

    package let kind: Kind
    package let path: String
    /// SQLite's own words.
    package let reason: String

    /// What a program itself finds wrong with a file.
    package init(path: String, reason: String) {
        kind = .other
        self.path = path
        self.reason = reason
    }

    init(code: Int32, path: String, reason: String) {
        kind =
            switch code & 0xff {
            case SQLITE_BUSY, SQLITE_LOCKED: .busy
            case SQLITE_FULL: .full
            case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
            case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY: .noAccess
            default: .other
            }
        self.path = path
        self.reason = reason
    }

    package var description: String {
        switch kind {
        case .busy: "\(path) is held by another process (\(reason)); end what works on it"
        case .full: "\(path) cannot grow, the disk is full (\(reason)); make room"
        case .corrupt: "\(path) is damaged (\(reason)); move it away, and bring it back from a copy if there is one"
        case .noAccess: "\(path) cannot be opened (\(reason)); give its folder and file to the user who runs this"
        case .other: "\(path): \(reason)"
        }
    }
}
