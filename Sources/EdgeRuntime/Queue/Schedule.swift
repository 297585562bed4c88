// Work that waits for a moment of its own: a pause after a failure, a model that loads.
internal import CivilTime

/// What is due when. Pure: time is an argument.
struct Schedule<ID: Hashable & Sendable>: Sendable {
    private struct Waiting: Sendable {
        let due: Timestamp
        let id: ID
        let ticket: UInt64
    }

    /// A binary heap by due time; an entry whose ticket is no longer the id's own was removed.
    private var waiting: [Waiting] = []
    private var tickets: [ID: UInt64] = [:]
    private var nextTicket: UInt64 = 0

    var count: Int { tickets.count }

    /// Holds it back until `due`; an earlier wait of it is forgotten.
    mutating func wait(_ id: ID, until due: Timestamp) {
        nextTicket += 1
        tickets[id] = nextTicket
        waiting.append(Waiting(due: due, id: id, ticket: nextTicket))
        siftUp(waiting.count - 1)
    }

    /// Takes the one that is due longest; nil when none is.
    mutating func takeDue(now: Timestamp) -> ID? {
        while let first = waiting.first, first.due <= now {
            popWaiting()
            guard tickets[first.id] == first.ticket else { continue }
            tickets[first.id] = nil
            return first.id
        }
        return nil
    }

    /// When to ask again; nil when nothing waits.
    mutating func nextDue() -> Timestamp? {
        while let first = waiting.first, tickets[first.id] != first.ticket { popWaiting() }
        return waiting.first?.due
    }

    mutating func remove(_ id: ID) { tickets[id] = nil }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard isBefore(waiting[child], waiting[parent]) else { return }
            waiting.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func popWaiting() {
        waiting.swapAt(0, waiting.count - 1)
        waiting.removeLast()
        var parent = 0
        while true {
            var first = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < waiting.count && isBefore(waiting[child], waiting[first]) {
                first = child
            }
            guard first != parent else { return }
            waiting.swapAt(first, parent)
            parent = first
        }
    }

    private func isBefore(_ left: Waiting, _ right: Waiting) -> Bool {
        (left.due, left.ticket) < (right.due, right.ticket)
    }
}
