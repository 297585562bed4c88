// Users take turns inside a tier.
import CivilTime
import Testing

@testable import EdgeRuntime

struct UserTurnsTests {
    private let start = Timestamp(milliseconds: 1_000_000)

    /// The entries in the order in which they are taken, and what was told of each one's place before.
    private func drained(_ line: UserTurns<String>, _ nodes: [String: Int32]) -> (order: [String], told: [String]) {
        var line = line
        let told = nodes.sorted { line.ahead(of: $0.value) < line.ahead(of: $1.value) }.map(\.key)
        var order: [String] = []
        while let id = line.first, let node = nodes[id] {
            order.append(id)
            line.take(node)
        }
        return (order, told)
    }

    private func line(_ users: [String]) -> (UserTurns<String>, [String: Int32]) {
        var line = UserTurns<String>()
        var nodes: [String: Int32] = [:]
        var numbers: [String: Int] = [:]
        for (index, user) in users.enumerated() {
            numbers[user, default: 0] += 1
            let id = "\(user)\(numbers[user, default: 0])"
            nodes[id] = line.add(id, user: QueueUser(caller: user), startBy: start + .milliseconds(index))
        }
        return (line, nodes)
    }

    @Test func `users take turns, whoever came first first, and each is told its place`() {
        let (line, nodes) = line(["a", "a", "a", "b", "c", "b", "a"])

        let (order, told) = drained(line, nodes)

        #expect(order == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"])
        #expect(told == order)
    }

    @Test func `who has just had a turn goes behind one who comes now`() {
        var (line, nodes) = line(["a", "a", "a"])
        if let first = nodes.removeValue(forKey: "a1") { line.take(first) }
        nodes["b1"] = line.add("b1", user: QueueUser(caller: "b"), startBy: start + .seconds(1))
        if let second = nodes.removeValue(forKey: "a2") { line.take(second) }

        #expect(drained(line, nodes).order == ["b1", "a3"])
    }

    @Test func `of one user's own the one that is meant to begin earlier goes first`() {
        var (line, nodes) = line(["a", "a"])
        nodes["old"] = line.add("old", user: QueueUser(caller: "a"), startBy: start - .seconds(1))

        #expect(line.earliest == start - .seconds(1))
        #expect(drained(line, nodes).order == ["old", "a1", "a2"])
    }

    @Test func `end users of one key take turns with each other`() {
        var line = UserTurns<Int>()
        var nodes: [Int: Int32] = [:]
        for (id, user) in [(1, "u"), (2, "u"), (3, "v")] {
            nodes[id] = line.add(id, user: QueueUser(caller: "key", user: user), startBy: start)
        }

        #expect([1, 2, 3].compactMap { nodes[$0].map { line.ahead(of: $0) } } == [0, 2, 1])
    }

    @Test func `places and order stay right through comings and goings of any kind`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<60 {
            var line = UserTurns<String>()
            var nodes: [String: Int32] = [:]
            var next = 0
            for _ in 0..<200 {
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<6:
                    next += 1
                    let user = QueueUser(caller: "\(Int.random(in: 0..<5, using: &random))")
                    let told = line.ahead(ofNew: user)
                    let node = line.add("\(next)", user: user, startBy: start + .milliseconds(next))
                    nodes["\(next)"] = node
                    #expect(line.ahead(of: node) == told, "what was promised before it came")
                case 6..<8:
                    if let gone = nodes.randomElement(using: &random) {
                        line.remove(gone.value)
                        nodes[gone.key] = nil
                    }
                default:
                    if let id = line.first, let node = nodes.removeValue(forKey: id) { line.take(node) }
                }
            }
            let (order, told) = drained(line, nodes)
            #expect(order == told)
            #expect(line.count == nodes.count && order.count == nodes.count)
        }
    }
}

struct SortedTimesTests {
    private func at(_ time: Int64) -> Timestamp { Timestamp(milliseconds: time) }

    @Test func `it knows the first and how many come before, through comings and goings of any kind`() {
        var random = SystemRandomNumberGenerator()
        var times = SortedTimes()
        var all: [Int64] = []
        for _ in 0..<2000 {
            if all.isEmpty || Int.random(in: 0..<5, using: &random) < 3 {
                let time = Int64.random(in: 0..<300, using: &random)
                times.insert(at(time))
                all.append(time)
            } else {
                let time = Bool.random(using: &random) ? all.min() : all.randomElement(using: &random)
                if let time, let index = all.firstIndex(of: time) {
                    times.remove(at(time))
                    all.remove(at: index)
                }
            }
            let middle = Int64.random(in: 0..<300, using: &random)
            #expect(times.first == all.min().map(at))
            #expect(times.count(before: at(middle)) == all.count { $0 < middle })
        }
    }
}
