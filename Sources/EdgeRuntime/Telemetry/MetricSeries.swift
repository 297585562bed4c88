// The three kinds of metrics: counters, gauges, histograms.
internal import CivilTime
package import EdgeLoop

/// A number that only grows.
@LoopActor
package final class Counter: MetricSeries {
    package private(set) var value = 0

    package func add(_ count: Int = 1) { value &+= max(count, 0) }

    package func append(to text: inout String, name: String, labels: String) {
        text += MetricText.sample(name, labels, String(value))
    }
}

/// A number that goes up and down.
@LoopActor
package final class Gauge: MetricSeries {
    package var value = 0.0

    package func append(to text: inout String, name: String, labels: String) {
        text += MetricText.sample(name, labels, MetricText.number(value))
    }
}

/// Counts values by size.
@LoopActor
package final class Histogram: MetricSeries {
    /// For durations in seconds, from a recalled answer to an image that takes minutes.
    package nonisolated static let durationBounds = [
        0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300,
    ]

    private let bounds: [Double]
    /// Not added up yet: each value is counted in one bucket.
    private var counts: [Int]
    private var sum = 0.0

    init(bounds: [Double]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy(<), "the bounds of a histogram rise")
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// How many values there were.
    package var count: Int { counts.reduce(0, +) }

    package func observe(_ value: Double) {
        guard !value.isNaN else { return }
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }  // a few steps; most values are small
        counts[index] += 1
        sum += value
    }

    /// In seconds.
    package func observe(_ duration: Duration) { observe(duration.inSeconds) }

    package func append(to text: inout String, name: String, labels: String) {
        let prefix = labels.isEmpty ? "" : "\(labels),"
        var total = 0
        for (bound, count) in zip(bounds + [.infinity], counts) {
            total += count
            text += MetricText.sample("\(name)_bucket", "\(prefix)le=\"\(MetricText.number(bound))\"", String(total))
        }
        text += MetricText.sample("\(name)_sum", labels, MetricText.number(sum))
        text += MetricText.sample("\(name)_count", labels, String(total))
    }
}
