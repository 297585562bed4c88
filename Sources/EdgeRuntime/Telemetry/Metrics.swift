// The figures of the host, counted as they happen and written as Prometheus text when somebody asks.
package import EdgeLoop

/// All metrics of a process. Make a metric once, keep it, and change it as things happen: a change is an addition.
@LoopActor
package final class Metrics {
    /// The Content-Type of ``text()``.
    package nonisolated static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private var families: [any AnyMetric] = []

    package init() {}

    /// A number that only grows. Names end in `_total`.
    package func counter(_ name: String, _ help: String, labels: [String] = []) -> Metric<Counter> {
        add(Metric(name: name, help: help, type: "counter", labels: labels) { Counter() })
    }

    /// A number that goes up and down.
    package func gauge(_ name: String, _ help: String, labels: [String] = []) -> Metric<Gauge> {
        add(Metric(name: name, help: help, type: "gauge", labels: labels) { Gauge() })
    }

    /// A gauge (or a counter kept elsewhere) that is asked for its number when the text is made.
    package func observed(
        _ name: String,
        _ help: String,
        type: String = "gauge",
        _ read: @escaping @LoopActor () -> Double
    ) {
        families.append(ObservedMetric(name: name, help: help, type: type, read: read))
    }

    /// Gauges that differ in their labels and are asked for when the text is made.
    package func observed(
        _ name: String,
        _ help: String,
        labels: [String],
        _ read: @escaping @LoopActor () -> [(labels: [String], value: Double)]
    ) {
        families.append(ObservedMetrics(name: name, help: help, labels: labels, read: read))
    }

    /// How often values fell below each of some bounds.
    /// - Parameter bounds: rising; the bucket above the last is added.
    package func histogram(
        _ name: String,
        _ help: String,
        labels: [String] = [],
        bounds: [Double] = Histogram.durationBounds
    ) -> Metric<Histogram> {
        add(Metric(name: name, help: help, type: "histogram", labels: labels) { Histogram(bounds: bounds) })
    }

    /// Everything, in the text format of Prometheus: families in the order in which they were made.
    package func text() -> String {
        var text = ""
        for family in families {
            text += "# HELP \(family.name) \(MetricText.escaped(family.help, quotes: false))\n"
            text += "# TYPE \(family.name) \(family.type)\n"
            family.append(to: &text)
        }
        return text
    }

    private func add<Series>(_ family: Metric<Series>) -> Metric<Series> {
        families.append(family)
        return family
    }
}

/// Metrics of one name.
@LoopActor
protocol AnyMetric: AnyObject {
    var name: String { get }
    var help: String { get }
    var type: String { get }
    func append(to text: inout String)
}

@LoopActor
private final class ObservedMetric: AnyMetric {
    let name: String
    let help: String
    let type: String
    private let read: @LoopActor () -> Double

    init(name: String, help: String, type: String, read: @escaping @LoopActor () -> Double) {
        self.name = name
        self.help = help
        self.type = type
        self.read = read
    }

    func append(to text: inout String) { text += "\(name) \(MetricText.number(read()))\n" }
}

@LoopActor
private final class ObservedMetrics: AnyMetric {
    let name: String
    let help: String
    let type = "gauge"
    private let labels: [String]
    private let read: @LoopActor () -> [(labels: [String], value: Double)]

    init(
        name: String,
        help: String,
        labels: [String],
        read: @escaping @LoopActor () -> [(labels: [String], value: Double)]
    ) {
        self.name = name
        self.help = help
        self.labels = labels
        self.read = read
    }

    func append(to text: inout String) {
        for sample in read() {
            let pairs = zip(labels, sample.labels).map { "\($0)=\"\(MetricText.escaped($1, quotes: true))\"" }
            text += "\(name){\(pairs.joined(separator: ","))} \(MetricText.number(sample.value))\n"
        }
    }
}
