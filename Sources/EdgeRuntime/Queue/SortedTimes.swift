// Moments in their order, most of which come in it already.
internal import CivilTime

/// A bag of moments: the first one, and how many come before another. Equal ones are the same.
struct SortedTimes: Sendable {
    private var times: [Int64] = []
    private var start = 0

    var first: Timestamp? { start < times.count ? Timestamp(milliseconds: times[start]) : nil }

    mutating func insert(_ moment: Timestamp) {
        let time = moment.milliseconds
        guard let last = times.last, start < times.count, last > time else { return times.append(time) }
        times.insert(time, at: index(of: time))
    }

    /// Nothing when it is not there.
    mutating func remove(_ moment: Timestamp) {
        let place = index(of: moment.milliseconds)
        guard place < times.count, times[place] == moment.milliseconds else { return }
        guard place == start else {
            times.remove(at: place)
            return
        }
        start += 1
        if start == times.count {
            times.removeAll(keepingCapacity: times.count < 64)
            start = 0
        } else if start > 64, start * 2 > times.count {
            times.removeFirst(start)
            start = 0
        }
    }

    func count(before moment: Timestamp) -> Int { index(of: moment.milliseconds) - start }

    /// Where the first one sits that is not before `time`.
    private func index(of time: Int64) -> Int {
        var (low, high) = (start, times.count)
        while low < high {
            let middle = (low + high) / 2
            if times[middle] < time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
