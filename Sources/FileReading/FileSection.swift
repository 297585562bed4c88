// One object of a file while it is read: asks for keys by type and range, and notes every mistake with its place.
package import JSON

package struct FileSection {
    package let object: JSONObject
    /// The path for messages, `functions.generate.job`.
    package let path: String
    package let problems: FileProblems
    /// The path as an RFC 6901 pointer.
    private let pointer: String
    private var known: [String] = []

    package init(_ object: JSONObject, path: String, pointer: String, problems: FileProblems) {
        self.object = object
        self.path = path
        self.pointer = pointer
        self.problems = problems
    }

    // MARK: Values

    /// The value of a key, which counts as known from now on.
    package mutating func value(_ key: String) -> JSONValue? {
        known.append(key)
        return object[key]
    }

    package mutating func flag(_ key: String, default standard: Bool) -> Bool {
        guard let value = value(key) else { return standard }
        guard let flag = value.bool else { return wrong(key, value, "write true or false", standard) }
        return flag
    }

    package mutating func count(_ key: String, default standard: Int, in range: ClosedRange<Int>) -> Int {
        guard let value = value(key) else { return standard }
        let allowed = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let number = value.integer else { return wrong(key, value, "write \(allowed)", standard) }
        guard let count = Int(exactly: number), range.contains(count) else {
            note("\(number) is out of range; write \(allowed)", key)
            return standard
        }
        return count
    }

    package mutating func duration(
        _ key: String,
        default standard: Duration,
        in range: ClosedRange<Duration>
    ) -> Duration {
        guard let value = value(key) else { return standard }
        let limits = "from \(DurationText.text(of: range.lowerBound)) to \(DurationText.text(of: range.upperBound))"
        let example = "a duration \(limits), such as \"\(DurationText.text(of: standard))\""
        if let number = value.integer {
            note("\(number) has no unit; write \(example); units are ms, s, m, h and d", key)
            return standard
        }
        guard let text = value.string else { return wrong(key, value, "write \(example)", standard) }
        guard let duration = DurationText.read(text) else {
            note("\(quoted(text)) is not a duration; write a whole number with ms, s, m, h or d, \(limits)", key)
            return standard
        }
        guard range.contains(duration) else {
            note("\(quoted(text)) is out of range; write \(example)", key)
            return standard
        }
        return duration
    }

    package mutating func size(_ key: String, default standard: Int, in range: ClosedRange<Int>) -> Int {
        guard let value = value(key) else { return standard }
        let limits = "from \(SizeText.text(of: range.lowerBound)) to \(SizeText.text(of: range.upperBound))"
        let example = "a size \(limits), such as \"\(SizeText.text(of: standard))\""
        if let number = value.integer {
            note("\(number) has no unit; write \(example); units are B, KB, MB, GB and TB", key)
            return standard
        }
        guard let text = value.string else { return wrong(key, value, "write \(example)", standard) }
        guard let size = SizeText.read(text) else {
            note("\(quoted(text)) is not a size; write a whole number with B, KB, MB, GB or TB, \(limits)", key)
            return standard
        }
        guard range.contains(size) else {
            note("\(quoted(text)) is out of range; write \(example)", key)
            return standard
        }
        return size
    }

    package mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String,
        default standard: Choice
    ) -> Choice {
        guard let value = value(key) else { return standard }
        let names = Choice.allCases.map(\.rawValue)
        guard let text = value.string else { return wrong(key, value, "write \(oneOf(names))", standard) }
        guard let choice = Choice(rawValue: text) else {
            note(notOne(text, of: names), key)
            return standard
        }
        return choice
    }

    /// The texts of an array, each of which `check` finds good: it answers with what is wrong and what to write, or nil.
    package mutating func texts(_ key: String, check: (String) -> String?) -> [String] {
        guard let value = value(key) else { return [] }
        guard let elements = value.array else {
            let hint = value.string.map { "write [\(quoted($0))]" } ?? "write an array of strings"
            return wrong(key, value, hint, [])
        }
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            if let text = element.string {
                if let reason = check(text) {
                    note(reason, key, index)
                } else if texts.contains(text) {
                    note("\(quoted(text)) is there twice; remove one", key, index)
                } else {
                    texts.append(text)
                }
            } else {
                note("this is \(element.kind); write a string", key, index)
            }
        }
        return texts
    }

    /// A section that is read already, to note more about it.
    package func below(_ key: String, _ object: JSONObject) -> FileSection {
        FileSection(object, path: pathOf(key), pointer: pointerOf(key), problems: problems)
    }

    /// The same for an element of an array.
    package func below(_ key: String, _ index: Int, _ object: JSONObject) -> FileSection {
        let pointer = "\(pointerOf(key))/\(index)"
        return FileSection(object, path: "\(pathOf(key))[\(index)]", pointer: pointer, problems: problems)
    }

    /// The object of a key, to be read in turn; nil when it is absent or no object.
    package mutating func section(_ key: String) -> FileSection? {
        guard let value = value(key) else { return nil }
        guard let object = value.object else { return wrong(key, value, "write an object, { ... }", nil) }
        return below(key, object)
    }

    // MARK: Mistakes

    /// Notes a mistake at a key, or at an element of its array.
    package func note(_ reason: String, _ key: String, _ index: Int? = nil) {
        let suffix = index.map { "/\($0)" } ?? ""
        let place = index.map { "[\($0)]" } ?? ""
        problems.add(reason, at: pointerOf(key) + suffix, key: pathOf(key) + place)
    }

    /// Notes a mistake that belongs to no single key.
    package func note(_ reason: String) { problems.add(reason, at: pointer, key: path) }

    /// Notes every key that nobody asked for. Call it last.
    ///
    /// - Parameter hints: what to do instead, for keys that somebody may look for here.
    package func refuseUnknownKeys(hints: [String: String] = [:]) {
        for key in object.keys where !known.contains(key) {
            if let hint = hints[key] {
                note("unknown key; \(hint)", key)
            } else if let nearest = NearestName.of(key, among: known) {
                note("unknown key; did you mean \(quoted(nearest))?", key)
            } else {
                note("unknown key; known here are \(known.joined(separator: ", "))", key)
            }
        }
    }

    private func wrong<Standard>(_ key: String, _ value: JSONValue, _ hint: String, _ standard: Standard) -> Standard {
        note("this is \(value.kind); \(hint)", key)
        return standard
    }

    private func pathOf(_ key: String) -> String {
        let isPlain = key.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != 0x2e && $0 != 0x22 } && !key.isEmpty
        let key = isPlain ? key : quoted(key)
        return path.isEmpty ? key : "\(path).\(key)"
    }
    private func pointerOf(_ key: String) -> String { "\(pointer)/\(JSONLocations.escaped(key))" }
}

/// A text in the quotes and escapes of JSON, cut when it is long: it came from a file and goes to a terminal.
package func quoted(_ text: String) -> String {
    let limit = 80
    return JSONValue.string(text.count > limit ? text.prefix(limit) + "..." : text).text()
}

/// `"GET" is not known; write one of ...`, with the nearest name if there is one.
package func notOne(_ text: String, of names: [String]) -> String {
    if let nearest = NearestName.of(text, among: names) {
        return "\(quoted(text)) is not known; did you mean \(quoted(nearest))?"
    }
    return "\(quoted(text)) is not known; write \(oneOf(names))"
}

private func oneOf(_ names: [String]) -> String {
    names.count == 1 ? quoted(names[0]) : "one of " + names.map(quoted).joined(separator: ", ")
}
