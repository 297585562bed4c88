// What is counted of every request, under the names that dashboards rely on.
package import EdgeLoop

/// Counts requests, bytes and durations by function. A request without a function has the function `-`.
@LoopActor
package final class RequestMetrics {
    private let requests: Metric<Counter>
    private let bytes: Metric<Counter>
    private let durations: Metric<Histogram>
    /// The series of the last request: most requests are like the one before, and then nothing is looked up.
    private var recent: (function: String, status: Int, series: (Counter, Counter, Histogram))?

    package init(_ metrics: Metrics) {
        requests = metrics.counter("edge_requests_total", "Requests answered.", labels: ["function", "status"])
        bytes = metrics.counter("edge_response_bytes_total", "Bytes of answers' bodies.", labels: ["function"])
        durations = metrics.histogram(
            "edge_request_duration_seconds",
            "From the request's head to the end of its answer.",
            labels: ["function"]
        )
    }

    /// Counts one answered request.
    package func count(_ line: LogLine) {
        count(function: line.function ?? "-", status: line.status, bytes: line.bytes, duration: line.duration)
    }

    package func count(function: String, status: Int, bytes sent: Int, duration: Duration) {
        let series: (Counter, Counter, Histogram)
        if let recent, recent.status == status, recent.function == function {
            series = recent.series
        } else {
            series = (requests[function, String(status)], bytes[function], durations[function])
            recent = (function, status, series)
        }
        series.0.add()
        series.1.add(sent)
        series.2.observe(duration)
    }
}
