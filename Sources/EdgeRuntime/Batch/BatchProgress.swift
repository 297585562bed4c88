// How far a batch is, as a line of text.
internal import CivilTime
internal import JSON

/// Counts results. Time is an argument.
struct BatchProgress: Equatable, Sendable {
    let total: Int
    /// Lines that an earlier run has made.
    let before: Int
    private(set) var made = 0
    private(set) var failed = 0
    /// Micro-dollars of what was made now.
    private(set) var cost: Int64 = 0
    private(set) var hasUnknownCost = false

    private static let width = 24

    init(total: Int, before: Int) {
        self.total = total
        self.before = before
    }

    var ended: Int { before + made + failed }

    /// - Parameter cost: nil: nobody knows it.
    mutating func succeeded(cost: Int64?) {
        made += 1
        if let cost { self.cost += cost } else { hasUnknownCost = true }
    }

    mutating func lineFailed() { failed += 1 }

    /// `[######------------------] 12/48  1 failed  0.8/s  0.0228 $  0:45 left`
    func bar(after elapsed: Duration) -> String {
        let filled = total == 0 ? Self.width : Self.width * ended / total
        var parts = [
            "[\(String(repeating: "#", count: filled))\(String(repeating: "-", count: Self.width - filled))] \(ended)/\(total)"
        ]
        if failed > 0 { parts.append("\(failed) failed") }
        let now = made + failed
        if now > 0, elapsed > .zero {
            let rate = Double(now) / elapsed.inSeconds
            parts.append("\(Self.tenths(rate))/s")
            parts.append(money)
            if ended < total { parts.append("\(Self.clock(Int((Double(total - ended) / rate).rounded(.up)))) left") }
        }
        return parts.joined(separator: "  ")
    }

    var summary: String {
        var text = "\(total) lines: \(made) made"
        if before > 0 { text += ", \(before) made before" }
        if failed > 0 { text += ", \(failed) failed" }
        return text + ", \(money)"
    }

    private var money: String {
        ProvidersTable.price(.integer(cost)) + (hasUnknownCost ? " and what is unknown" : "")
    }

    private static func tenths(_ number: Double) -> String {
        let tenths = Int((min(number, 1_000_000) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func clock(_ seconds: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(seconds % 60))" : "\(minutes):\(two(seconds % 60))"
    }
}
