// Metrics of one name that differ in their labels.
package import EdgeLoop

/// One series: what has a value for one combination of label values.
@LoopActor
package protocol MetricSeries: AnyObject {
    /// Appends the sample lines. `labels` is empty or `a="1",b="2"`.
    func append(to text: inout String, name: String, labels: String)
}

/// The series of one metric. Keep the series that are used often: finding one costs a look-up by its label values.
@LoopActor
package final class Metric<Series: MetricSeries>: AnyMetric {
    /// Further combinations of label values are counted together, so that no client can make the host grow.
    package nonisolated static var seriesMax: Int { 1_000 }

    let name: String
    let help: String
    let type: String
    private let labels: [String]
    private let make: @LoopActor () -> Series
    private var series: [[String]: Series] = [:]
    private var order: [[String]] = []

    init(name: String, help: String, type: String, labels: [String], make: @escaping @LoopActor () -> Series) {
        self.name = name
        self.help = help
        self.type = type
        self.labels = labels
        self.make = make
        if labels.isEmpty { _ = self[[]] }  // there from the start, with 0
    }

    /// The series with these label values, in the order of the labels.
    package subscript(_ values: String...) -> Series { self[values] }

    private subscript(_ values: [String]) -> Series {
        precondition(values.count == labels.count, "\(name) has the labels \(labels)")
        if let known = series[values] { return known }
        if order.count >= Self.seriesMax {
            let rest = labels.map { _ in "other" }
            if let known = series[rest] { return known }
            return insert(rest)
        }
        return insert(values)
    }

    private func insert(_ values: [String]) -> Series {
        let new = make()
        series[values] = new
        order.append(values)
        return new
    }

    func append(to text: inout String) {
        for values in order {
            let pairs = zip(labels, values).map { "\($0)=\"\(MetricText.escaped($1, quotes: true))\"" }
            series[values]?.append(to: &text, name: name, labels: pairs.joined(separator: ","))
        }
    }
}

/// How Prometheus writes names, numbers and label values.
enum MetricText {
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return "\(value)"
    }

    static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    static func sample(_ name: String, _ labels: String, _ value: String) -> String {
        labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }
}
