// The work of one tier: users take turns, and each one's own work goes by its time.
internal import CivilTime

/// Round robin by user. Pure.
///
/// Whoever had a turn goes to the end of the round, so that of a user's 500 entries one goes before another's first. Entries are
/// nodes of lists in one array: 10,000 cost no allocation each, whether they are of one user or of as many.
struct UserTurns<ID: Hashable & Sendable>: Sendable {
    private struct Node: Sendable {
        var id: ID?
        let startBy: Timestamp
        let user: Int32
        /// -1: none.
        var next: Int32
        var previous: Int32
    }

    private struct User: Sendable {
        var key: QueueUser?
        var first: Int32
        var last: Int32
        var count: Int32
        /// Who has the least goes next.
        var turn: UInt64
    }

    private var nodes: [Node] = []
    private var freeNodes: [Int32] = []
    private var users: [User] = []
    private var freeUsers: [Int32] = []
    private var places: [QueueUser: Int32] = [:]
    /// The round, by turn; an entry whose turn is no longer its user's own is over.
    private var round: [(user: Int32, turn: UInt64)] = []
    private var roundStart = 0
    private var nextTurn: UInt64 = 0
    /// How many users have more than so many entries: of one user with three and one with one, 2, 1, 1.
    private var levels: [Int] = []
    private var times = SortedTimes()

    private(set) var count = 0

    /// The earliest moment by which one of these is meant to begin.
    var earliest: Timestamp? { times.first }

    /// How many are meant to begin before that moment.
    func count(before moment: Timestamp) -> Int { times.count(before: moment) }

    /// Whose turn it is.
    var first: ID? {
        guard roundStart < round.count else { return nil }
        return nodes[Int(users[Int(round[roundStart].user)].first)].id
    }

    func user(of node: Int32) -> QueueUser? { users[Int(nodes[Int(node)].user)].key }

    // MARK: Changing

    /// - Returns: what finds it again.
    mutating func add(_ id: ID, user key: QueueUser, startBy: Timestamp) -> Int32 {
        let user = place(of: key)
        let node = takeNode(Node(id: id, startBy: startBy, user: user, next: -1, previous: -1))
        var after = users[Int(user)].last
        while after >= 0, nodes[Int(after)].startBy > startBy { after = nodes[Int(after)].previous }
        let before = after >= 0 ? nodes[Int(after)].next : users[Int(user)].first
        (nodes[Int(node)].previous, nodes[Int(node)].next) = (after, before)
        if after >= 0 { nodes[Int(after)].next = node } else { users[Int(user)].first = node }
        if before >= 0 { nodes[Int(before)].previous = node } else { users[Int(user)].last = node }
        let level = Int(users[Int(user)].count)
        if level == levels.count { levels.append(1) } else { levels[level] += 1 }
        users[Int(user)].count += 1
        times.insert(startBy)
        count += 1
        return node
    }

    mutating func remove(_ node: Int32) {
        let removed = nodes[Int(node)]
        let user = Int(removed.user)
        if removed.previous >= 0 {
            nodes[Int(removed.previous)].next = removed.next
        } else {
            users[user].first = removed.next
        }
        if removed.next >= 0 {
            nodes[Int(removed.next)].previous = removed.previous
        } else {
            users[user].last = removed.previous
        }
        nodes[Int(node)].id = nil
        freeNodes.append(node)
        users[user].count -= 1
        let level = Int(users[user].count)
        levels[level] -= 1
        if levels[level] == 0, level == levels.count - 1 { levels.removeLast() }
        times.remove(removed.startBy)
        count -= 1
        if users[user].count == 0 {
            if let key = users[user].key { places[key] = nil }
            users[user].key = nil
            freeUsers.append(removed.user)
        }
        trim()
    }

    /// Removes an entry whose user has had the turn with it.
    mutating func take(_ node: Int32) {
        let user = nodes[Int(node)].user
        remove(node)
        guard count > 0, users[Int(user)].count > 0 else { return }
        users[Int(user)].turn = newTurn(of: user)
        trim()
    }

    private mutating func place(of key: QueueUser) -> Int32 {
        if let known = places[key] { return known }
        let user: Int32
        if let free = freeUsers.popLast() {
            user = free
        } else {
            user = Int32(users.count)
            users.append(User(key: nil, first: -1, last: -1, count: 0, turn: 0))
        }
        users[Int(user)] = User(key: key, first: -1, last: -1, count: 0, turn: newTurn(of: user))
        places[key] = user
        return user
    }

    private mutating func takeNode(_ node: Node) -> Int32 {
        guard let free = freeNodes.popLast() else {
            nodes.append(node)
            return Int32(nodes.count - 1)
        }
        nodes[Int(free)] = node
        return free
    }

    private mutating func newTurn(of user: Int32) -> UInt64 {
        nextTurn += 1
        round.append((user, nextTurn))
        return nextTurn
    }

    /// Keeps the round beginning with a user whose turn it is, and lets go of memory when all is over.
    private mutating func trim() {
        guard count > 0 else {
            (nodes, freeNodes, users, freeUsers, round, roundStart) = ([], [], [], [], [], 0)
            return
        }
        while !isCurrent(round[roundStart]) { roundStart += 1 }
        let over = round.count - places.count
        guard over > 64, over > places.count else { return }
        round = round[roundStart...].filter { isCurrent($0) }
        roundStart = 0
    }

    private func isCurrent(_ entry: (user: Int32, turn: UInt64)) -> Bool {
        let user = users[Int(entry.user)]
        return user.count > 0 && user.turn == entry.turn
    }

    // MARK: Places

    /// How many of this tier go before an entry.
    func ahead(of node: Int32) -> Int {
        let user = users[Int(nodes[Int(node)].user)]
        // From both ends at once: who asks most often has come just now.
        var (before, after) = (node, node)
        var steps = 0
        while nodes[Int(before)].previous >= 0, nodes[Int(after)].next >= 0 {
            (before, after) = (nodes[Int(before)].previous, nodes[Int(after)].next)
            steps += 1
        }
        let level = nodes[Int(before)].previous < 0 ? steps : Int(user.count) - 1 - steps
        return below(level) + levels[level] - 1 - behind(user.turn, level)
    }

    /// How many would go before one more entry of this user.
    func ahead(ofNew key: QueueUser) -> Int {
        guard let place = places[key] else { return levels.first ?? 0 }
        let user = users[Int(place)]
        let level = Int(user.count)
        guard level < levels.count else { return count }
        return below(level) + levels[level] - behind(user.turn, level)
    }

    /// How many entries have fewer than `level` of their own user's before them.
    private func below(_ level: Int) -> Int {
        level * 2 <= levels.count
            ? levels[..<level].reduce(0, +) : count - levels[level...].reduce(0, +)
    }

    /// How many users come later in the round and have more than `level` entries.
    private func behind(_ turn: UInt64, _ level: Int) -> Int {
        guard places.count > 1 else { return 0 }
        var behind = 0
        for entry in round[roundStart...].reversed() {
            guard entry.turn > turn else { return behind }
            if isCurrent(entry), users[Int(entry.user)].count > level { behind += 1 }
        }
        return behind
    }
}
