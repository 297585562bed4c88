// Further kinds of values: texts, numbers, what may be absent, and objects in arrays.
internal import JSON

extension FileSection {
    /// - Parameter example: what to write, where it is no text: `write a model's id, such as "runware:101@1"`.
    package mutating func text(_ key: String, example: String) -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.string, !text.isEmpty else {
            note("this is \(value.string == nil ? value.kind : "empty"); \(example)", key)
            return nil
        }
        return text
    }

    package mutating func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
        guard let value = value(key) else { return nil }
        let allowed = "write a number from \(range.lowerBound) to \(range.upperBound)"
        guard let number = value.double else {
            note("this is \(value.kind); \(allowed)", key)
            return nil
        }
        guard range.contains(number) else {
            note("\(value.text()) is out of range; \(allowed)", key)
            return nil
        }
        return number
    }

    /// A whole number that may be absent.
    package mutating func count(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard object[key] != nil else { return passing(key) }
        return count(key, default: range.lowerBound, in: range)
    }

    /// A duration that may be absent.
    /// - Parameter example: for messages.
    package mutating func duration(
        _ key: String,
        in range: ClosedRange<Duration>,
        example: Duration
    ) -> Duration? {
        guard object[key] != nil else { return passing(key) }
        return duration(key, default: example, in: range)
    }

    /// The objects of an array, each to be read in turn.
    package mutating func sections(_ key: String) -> [FileSection] {
        guard let value = value(key) else { return [] }
        guard let elements = value.array else {
            note("this is \(value.kind); write an array of objects, [{ ... }]", key)
            return []
        }
        return elements.enumerated().compactMap { index, element in
            guard let object = element.object else {
                note("this is \(element.kind); write an object, { ... }", key, index)
                return nil
            }
            return below(key, index, object)
        }
    }

    /// The key is known, and absent.
    private mutating func passing<Value>(_ key: String) -> Value? {
        _ = value(key)
        return nil
    }
}
