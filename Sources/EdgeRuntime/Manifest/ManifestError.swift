// What is wrong with functions.json: every mistake at once, each with its place and its cure.

/// One mistake: `functions.json:12: functions.generate.job.wiat: unknown key; did you mean "wait"?`
package struct ManifestError: Error, Equatable, Sendable, CustomStringConvertible {
    package let file: String
    /// The line of the mistake, counted from 1.
    package let line: Int
    /// The key with its path, `functions.generate.job.wait`; empty for a mistake in the text as a whole.
    package let key: String
    /// What is wrong, what is allowed and what to write instead.
    package let reason: String

    package var description: String { "\(file):\(line): \(key.isEmpty ? "" : key + ": ")\(reason)" }
}

/// All mistakes of one manifest, in the order of the file. There is at least one.
package struct ManifestErrors: Error, Equatable, Sendable, CustomStringConvertible {
    package let errors: [ManifestError]

    /// One line for each mistake.
    package var description: String { errors.map(\.description).joined(separator: "\n") }
}
