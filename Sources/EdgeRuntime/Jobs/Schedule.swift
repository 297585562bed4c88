// Which generation runs next: those that are ready in their order, those that wait when they are due.
internal import CivilTime

/// The order of one function's work. Pure: time is an argument.
///
/// Ready work goes first in, first out. Waiting work becomes ready at its due time, in the order of those times.
struct Schedule<ID: Hashable & Sendable>: Sendable {
    private struct Waiting: Sendable {
        let due: Timestamp
        let id: ID
        let ticket: UInt64
    }

    /// First in, first out; an entry whose ticket is no longer the id's own was removed.
    private var ready: [(id: ID, ticket: UInt64)] = []
    private var readyStart = 0
    /// A binary heap by due time.
    private var waiting: [Waiting] = []
    private var tickets: [ID: UInt64] = [:]
    /// The ids that are ready: every accepted job is told its place among them.
    private var isReady: Set<ID> = []
    private var nextTicket: UInt64 = 0

    /// How many are ready.
    var readyCount: Int { isReady.count }

    /// Ids that are ready or wait.
    var count: Int { tickets.count }

    /// Appends to the ready ones.
    mutating func add(_ id: ID) {
        ready.append((id, issue(id)))
        isReady.insert(id)
    }

    /// Holds it back until `due`.
    mutating func wait(_ id: ID, until due: Timestamp) {
        waiting.append(Waiting(due: due, id: id, ticket: issue(id)))
        siftUp(waiting.count - 1)
    }

    /// Takes the next one to run; nil when nothing is ready at `now`.
    mutating func next(now: Timestamp) -> ID? {
        while let first = waiting.first, first.due <= now {
            popWaiting()
            if tickets[first.id] == first.ticket {
                ready.append((first.id, first.ticket))
                isReady.insert(first.id)
            }
        }
        while readyStart < ready.count {
            let (id, ticket) = ready[readyStart]
            readyStart += 1
            compact()
            if tickets[id] == ticket {
                remove(id)
                return id
            }
        }
        return nil
    }

    /// When to ask again although nothing is added; nil when nothing waits.
    mutating func nextDue() -> Timestamp? {
        while let first = waiting.first, tickets[first.id] != first.ticket { popWaiting() }
        return waiting.first?.due
    }

    mutating func remove(_ id: ID) {
        tickets[id] = nil
        isReady.remove(id)
    }

    /// How many ready ones go before it, plus one; nil when it is not ready.
    func position(of id: ID) -> Int? {
        guard isReady.contains(id), let ticket = tickets[id] else { return nil }
        // From the end: who was accepted just now asks most often.
        var position = readyCount
        for entry in ready[readyStart...].reversed() where tickets[entry.id] == entry.ticket {
            if entry.ticket == ticket { return position }
            position -= 1
        }
        return nil
    }

    private mutating func issue(_ id: ID) -> UInt64 {
        remove(id)
        nextTicket += 1
        tickets[id] = nextTicket
        return nextTicket
    }

    private mutating func compact() {
        guard readyStart > 64, readyStart * 2 > ready.count else { return }
        ready.removeFirst(readyStart)
        readyStart = 0
    }

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
