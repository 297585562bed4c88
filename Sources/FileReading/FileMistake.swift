// What is wrong with a file that people write: every mistake at once, each with its place and its cure.

/// One mistake: `functions.json:12: functions.generate.job.wiat: unknown key; did you mean "wait"?`
package struct FileMistake: Error, Equatable, Sendable, CustomStringConvertible {
    package let file: String
    /// The line of the mistake, counted from 1.
    package let line: Int
    /// The key with its path, `functions.generate.job.wait`; empty for a mistake in the text as a whole.
    package let key: String
    /// What is wrong, what is allowed and what to write instead.
    package let reason: String

    package var description: String { "\(file):\(line): \(key.isEmpty ? "" : key + ": ")\(reason)" }
}

/// All mistakes of one file, in the order of the file. There is at least one.
package struct FileMistakes: Error, Equatable, Sendable, CustomStringConvertible {
    package let errors: [FileMistake]

    /// A mistake of the text as a whole.
    package static func whole(_ reason: String, file: String, line: Int = 1) -> FileMistakes {
        FileMistakes(errors: [FileMistake(file: file, line: line, key: "", reason: reason)])
    }

    /// Mistakes of a file that is read line by line; at least one.
    package static func lines(_ mistakes: [(line: Int, reason: String)], file: String) -> FileMistakes {
        FileMistakes(errors: mistakes.map { FileMistake(file: file, line: $0.line, key: "", reason: $0.reason) })
    }

    /// One line for each mistake.
    package var description: String { errors.map(\.description).joined(separator: "\n") }
}
