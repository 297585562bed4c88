// Those that wait for the same lane, first come first served.
internal import CivilTime

/// One line before an account or a circuit.
struct LaneLine {
    private var ids: [String] = []
    private var first = 0
    private var gone: Set<String> = []
    /// When the first one looks again, if nobody says earlier that the lane is free.
    var until = Timestamp(milliseconds: 0)

    var count: Int { ids.count - first - gone.count }

    mutating func add(_ id: String, atFront: Bool) {
        gone.remove(id)
        if atFront, first > 0 {
            first -= 1
            ids[first] = id
        } else if atFront {
            ids.insert(id, at: 0)
        } else {
            ids.append(id)
        }
    }

    mutating func takeFirst() -> String? {
        while first < ids.count {
            let id = ids[first]
            first += 1
            if first > 64, first * 2 > ids.count {
                ids.removeFirst(first)
                first = 0
            }
            if gone.remove(id) == nil { return id }
        }
        return nil
    }

    /// Nothing when it is not here.
    mutating func remove(_ id: String) {
        if ids[first...].contains(id) { gone.insert(id) }
    }

    func position(of id: String) -> Int? {
        guard !gone.contains(id), let index = ids[first...].firstIndex(of: id) else { return nil }
        return ids[first..<index].count { !gone.contains($0) } + 1
    }
}
