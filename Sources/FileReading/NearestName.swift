// Which known name somebody who mistyped one probably meant.

package enum NearestName {
    /// The candidate that takes the fewest edits to reach from `name`, a swap of neighbours counting as one; nil when each is so
    /// far away (more than a third of its length, at least 2) that it would be a guess. Letter case is no difference.
    package static func of(_ name: String, among candidates: [String]) -> String? {
        guard name.utf8.count <= 64 else { return nil }  // bounds the work
        let folded = Array(name.lowercased().utf8)
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let distance = distance(folded, Array(candidate.lowercased().utf8))
            let allowed = max(2, candidate.utf8.count / 3)
            guard distance <= allowed, distance < candidate.utf8.count else { continue }
            if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
        }
        return best?.name
    }

    /// How many insertions, deletions, replacements and swaps of neighbours lead from `left` to `right`.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (left[i] == right[j] ? 0 : 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    cost = min(cost, beforeLast[j - 1] + 1)
                }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[right.count]
    }
}
