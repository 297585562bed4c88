// Calls that wait for a free place, first come first served.

/// A bounded queue whose elements can leave from the middle (their callers do), each in logarithmic time.
struct CallQueue<Element> {
    /// Names one element of the queue. Never used twice.
    struct Place: Hashable, Sendable { fileprivate let number: UInt64 }

    private var entries: [(number: UInt64, element: Element?)] = []
    private var head = 0
    private var nextNumber: UInt64 = 0
    /// How many wait.
    private(set) var count = 0
    var isEmpty: Bool { count == 0 }

    init() {}

    /// - Returns: nil when `limit` elements already wait.
    mutating func append(_ element: Element, limit: Int) -> Place? {
        guard count < limit else { return nil }
        compact()
        let place = Place(number: nextNumber)
        nextNumber += 1
        entries.append((place.number, element))
        count += 1
        return place
    }

    /// Takes the one that has waited longest.
    mutating func popFirst() -> Element? {
        while head < entries.count {
            defer { head += 1 }
            if let element = entries[head].element {
                entries[head].element = nil
                count -= 1
                return element
            }
        }
        return nil
    }

    /// Takes one from its place; nil when it is no longer there.
    mutating func remove(_ place: Place) -> Element? {
        var low = head
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].number < place.number { low = middle + 1 } else { high = middle }
        }
        guard low < entries.count, entries[low].number == place.number, let element = entries[low].element else {
            return nil
        }
        entries[low].element = nil
        count -= 1
        return element
    }

    /// Drops the gaps when they outnumber the elements, so that the memory follows the count.
    private mutating func compact() {
        guard entries.count > 2 * count + 16 else { return }
        entries = entries[head...].filter { $0.element != nil }
        head = 0
    }
}
