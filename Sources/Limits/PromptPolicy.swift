// Which prompts are refused, and who may not have what shows too much: the file that `host.policy` names.
package import Callers
package import FileReading

/// One entry a line: a word or a phrase, with `*` for any letters and `?` for one. `[tier free, premium]` and `[group 8012]` begin sections
/// for these alone; above them stands what holds for all. `nsfw = no` in a section: its callers' pictures are checked.
package struct PromptPolicy: Sendable, Equatable {
    /// Words and phrases of one section, those without a pattern by their first word.
    private struct Section: Sendable, Equatable {
        var tiers: Set<Tier> = []
        var groups: Set<String> = []
        var isForAll = true
        var phrases: [String: [[String]]] = [:]
        var patterns: [[String]] = []
        var forbidsNSFW = false

        func holds(_ caller: Caller) -> Bool {
            isForAll || tiers.contains(caller.tier) || caller.group.map(groups.contains) ?? false
        }

        func matches(_ words: [String]) -> Bool {
            for start in words.indices {
                for phrase in phrases[words[start]] ?? [] where words[start...].starts(with: phrase) { return true }
                for pattern in patterns where start + pattern.count <= words.count {
                    if zip(pattern, words[start...]).allSatisfy({ Self.fits($1, $0) }) { return true }
                }
            }
            return false
        }

        /// Whether a word fits a pattern of letters, `*` and `?`. Goes back to the last star only, so it takes no longer than both together
        /// are long, times each other.
        private static func fits(_ word: String, _ pattern: String) -> Bool {
            let (word, pattern) = (Array(word.unicodeScalars), Array(pattern.unicodeScalars))
            var (place, at) = (0, 0)
            var star: (place: Int, at: Int)?
            while place < word.count {
                if at < pattern.count, pattern[at] == "*" {
                    star = (place, at)
                    at += 1
                } else if at < pattern.count, pattern[at] == "?" || pattern[at] == word[place] {
                    (place, at) = (place + 1, at + 1)
                } else if let last = star {
                    star = (last.place + 1, last.at)
                    (place, at) = (last.place + 1, last.at + 1)
                } else {
                    return false
                }
            }
            return pattern[at...].allSatisfy { $0 == "*" }
        }
    }

    private var sections = [Section()]

    /// Entries without a pattern cost next to nothing; each pattern is compared with each word.
    package static let entriesMax = 20_000
    package static let patternsMax = 500
    package static let bytesMax = 1 << 20
    private static let entryScalarsMax = 200
    /// Characters of a prompt that are looked at. Job functions take shorter ones; beyond it a prompt is refused where there is a policy.
    private static let promptBytesMax = 64 << 10

    /// Nothing is refused.
    package init() {}

    /// Whether no prompt is refused.
    package var isEmpty: Bool { sections.allSatisfy { $0.phrases.isEmpty && $0.patterns.isEmpty } }

    package func refuses(_ prompt: String, of caller: Caller) -> Bool {
        let sections = sections.filter { (!$0.phrases.isEmpty || !$0.patterns.isEmpty) && $0.holds(caller) }
        guard !sections.isEmpty else { return false }
        guard prompt.utf8.count <= Self.promptBytesMax else { return true }
        let words = FoldedText(prompt).words
        return sections.contains { $0.matches(words) }
    }

    /// Whether there is anybody who may not have what is not safe for work.
    package var forbidsNSFW: Bool { sections.contains { $0.forbidsNSFW } }

    package func forbidsNSFW(_ caller: Caller) -> Bool { sections.contains { $0.forbidsNSFW && $0.holds(caller) } }

    // MARK: The file

    /// - Parameter file: its name in messages.
    /// - Throws: all mistakes, each with its line.
    package init(_ bytes: [UInt8], file: String) throws(FileMistakes) {
        guard bytes.count <= Self.bytesMax else {
            throw .whole("this has \(bytes.count) bytes; at most \(Self.bytesMax) are read", file: file)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .whole("this is no UTF-8 text; save it as UTF-8", file: file)
        }
        var mistakes: [(line: Int, reason: String)] = []
        var (entries, patterns) = (0, 0)
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = Self.trimmed(line)
            guard let first = line.first, first != "#" else { continue }
            func note(_ reason: String) {
                mistakes.append((index + 1, reason))
            }
            if first == "[" {
                if let reason = begin(line) { note(reason) }
            } else if let setting = Self.setting(line) {
                if setting == "no" {
                    sections[sections.count - 1].forbidsNSFW = true
                } else {
                    note("nsfw can only be forbidden here; write \"nsfw = no\", or remove the line")
                }
            } else {
                entries += 1
                switch add(line) {
                case .word: break
                case .pattern: patterns += 1
                case .mistake(let reason): note(reason)
                }
                if entries == Self.entriesMax + 1 {
                    note("these are too many entries; at most \(Self.entriesMax) are read")
                }
                if patterns == Self.patternsMax + 1 {
                    note("these are too many entries with * or ?; at most \(Self.patternsMax) are read")
                    patterns += 1
                }
            }
        }
        guard mistakes.isEmpty else { throw .lines(mistakes, file: file) }
    }

    private enum Added { case word, pattern, mistake(String) }

    private mutating func add(_ line: Substring) -> Added {
        guard line.unicodeScalars.count <= Self.entryScalarsMax else {
            return .mistake("this has more than \(Self.entryScalarsMax) characters; write a word or a phrase")
        }
        let words = FoldedText(String(line), keeping: ["*", "?"]).words
        guard let first = words.first else {
            return .mistake("this has no letter or digit; write a word or a phrase, or begin a comment with #")
        }
        guard words.contains(where: { $0.contains { $0 != "*" && $0 != "?" } }) else {
            return .mistake("this fits every prompt; write letters besides * and ?")
        }
        let last = sections.count - 1
        if words.contains(where: { $0.contains { $0 == "*" || $0 == "?" } }) {
            sections[last].patterns.append(words)
            return .pattern
        }
        sections[last].phrases[first, default: []].append(words)
        return .word
    }

    /// - Returns: what is wrong with the line.
    private mutating func begin(_ line: Substring) -> String? {
        let example = "write a section such as [tier free, premium], [group 8012] or [all]"
        guard line.hasSuffix("]") else { return "the section has no ]; \(example)" }
        let inner = Self.trimmed(line.dropFirst().dropLast())
        var section = Section()
        let kind = inner.prefix { $0 != " " }
        let names = inner.dropFirst(kind.count).split(separator: ",").map { String(Self.trimmed($0)) }
        switch kind {
        case "all":
            guard names.isEmpty else { return "[all] stands alone; \(example)" }
        case "tier":
            section.isForAll = false
            for name in names {
                guard let tier = Tier(rawValue: name) else { return notOne(name, of: Tier.allCases.map(\.rawValue)) }
                section.tiers.insert(tier)
            }
        case "group":
            section.isForAll = false
            for name in names {
                guard Caller.isName(name) else { return "\(quoted(name)) is no name of a group; \(example)" }
                section.groups.insert(name)
            }
        default: return "this is no section; \(example)"
        }
        guard kind == "all" || !names.isEmpty else { return "the section names nobody; \(example)" }
        sections.append(section)
        return nil
    }

    /// What `nsfw = ...` says; nil for any other line.
    private static func setting(_ line: Substring) -> Substring? {
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, trimmed(parts[0]) == "nsfw" else { return nil }
        return trimmed(parts[1])
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
}
