// In which form the result of a job is answered: by Accept and by who asks.

/// The form of an answer.
package enum AnswerChoice: Sendable, Equatable, CaseIterable {
    /// The image as it is, with its own type.
    case image
    /// The image's bytes as `application/octet-stream`, which Supabase clients hand on undamaged.
    case octets
    /// The job document as JSON.
    case document
    /// Progress as an event stream that ends with the document.
    case events

    /// What `Vary` has to name, since the choice depends on it.
    package static let vary = "Accept, X-Client-Info"

    /// What can be asked for, for messages.
    package static let offered = "image/*, application/json, text/event-stream and application/octet-stream"

    /// The form a request asks for; nil when it accepts none (406).
    ///
    /// For `*/*` and no Accept it is the image, but the document for Supabase clients: they read `image/*` as text and destroy it.
    ///
    /// - Parameters:
    ///   - accept: the values of all Accept headers. What is malformed in them is passed over.
    ///   - clientInfo: the value of X-Client-Info.
    package static func of(accept: [String], clientInfo: String?) -> AnswerChoice? {
        let isSupabase = clientInfo?.lowercased().hasPrefix("supabase") ?? false
        let order: [AnswerChoice] =
            isSupabase ? [.document, .image, .events, .octets] : [.image, .document, .events, .octets]
        let ranges = ranges(in: accept)
        guard !ranges.isEmpty else { return order[0] }
        var best: (choice: AnswerChoice, match: Match)?
        for choice in order {
            guard let match = choice.match(ranges), match.quality > 0 else { continue }
            if best.map({ match.isBetter(than: $0.match) }) ?? true { best = (choice, match) }
        }
        return best?.choice
    }

    private struct Range {
        let type: String
        let subtype: String
        let quality: Int  // thousandths
        let position: Int
    }

    private struct Match {
        let quality: Int
        /// Whether the type was named, be it `image/*`, and did not only come with `*/*`.
        let isNamed: Bool
        let position: Int

        func isBetter(than other: Match) -> Bool {
            if quality != other.quality { return quality > other.quality }
            if isNamed != other.isNamed { return isNamed }
            return isNamed && position < other.position
        }
    }

    /// How well these ranges take this form: by the most specific of them (RFC 9110 section 12.5.1). Of an image only the kind is
    /// known before it is made, so each `image/...` counts as that, and the best one decides.
    private func match(_ ranges: [Range]) -> Match? {
        let (type, subtype) = media
        var best: (specificity: Int, range: Range)?
        for range in ranges {
            let specificity: Int
            switch (range.type, range.subtype) {
            case ("*", "*"): specificity = 0
            case (type, "*"): specificity = self == .image ? 2 : 1
            case (type, subtype): specificity = 2
            case (type, _) where self == .image: specificity = 2
            default: continue
            }
            if let best, best.specificity > specificity { continue }
            if let best, best.specificity == specificity, best.range.quality >= range.quality { continue }
            best = (specificity, range)
        }
        return best.map { Match(quality: $0.range.quality, isNamed: $0.specificity > 0, position: $0.range.position) }
    }

    private var media: (String, String) {
        switch self {
        case .image: ("image", "*")
        case .octets: ("application", "octet-stream")
        case .document: ("application", "json")
        case .events: ("text", "event-stream")
        }
    }

    /// More ranges than this are not read: browsers send fewer than ten.
    private static let rangesMax = 32

    private static func ranges(in accept: [String]) -> [Range] {
        var ranges: [Range] = []
        for field in accept where field.utf8.count <= 4096 {
            for element in HeaderList.parts(of: field[...], separator: ",") where ranges.count < rangesMax {
                let parameters = HeaderList.parts(of: element, separator: ";")
                // A token holds no slash: a second one ends it here.
                guard let name = parameters.first, let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")) else {
                    continue
                }
                let names = (name[..<slash], name[name.utf8.index(after: slash)...])
                guard HeaderList.isToken(names.0), HeaderList.isToken(names.1),
                    let quality = quality(in: parameters.dropFirst())
                else { continue }
                let (type, subtype) = (names.0.lowercased(), names.1.lowercased())
                guard type != "*" || subtype == "*" else { continue }
                ranges.append(Range(type: type, subtype: subtype, quality: quality, position: ranges.count))
            }
        }
        return ranges
    }

    /// The `q` parameter in thousandths, 1000 without one, nil when it is malformed.
    private static func quality(in parameters: ArraySlice<Substring>) -> Int? {
        for parameter in parameters {
            let (name, value) = HeaderList.pair(parameter)
            guard name == "q" else { continue }
            guard let value, let first = value.utf8.first, first == 48 || first == 49 else { return nil }
            let decimals = value.dropFirst(2)
            guard value.utf8.count == 1 || value.dropFirst().hasPrefix("."), decimals.utf8.count <= 3,
                decimals.utf8.allSatisfy({ (48...57).contains($0) })
            else { return nil }
            let padded = decimals + String(repeating: "0", count: 3 - decimals.utf8.count)
            let quality = Int(first - 48) * 1000 + (Int(padded) ?? 0)
            return quality <= 1000 ? quality : nil
        }
        return 1000
    }
}
