import EdgeLoop
import TestSupport
import Testing

@testable import EdgeRuntime

struct MetricsTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `counters and gauges are written with help, type and labels`() {
        let metrics = Metrics()
        let requests = metrics.counter("edge_requests_total", "Requests.\nAll.", labels: ["function", "status"])
        let queue = metrics.gauge("edge_queue", "Waiting.")

        requests["generate", "200"].add()
        requests["generate", "200"].add(2)
        requests["a\"b\\c\nd", "404"].add()
        queue[].value = 2.5

        #expect(
            metrics.text() == #"""
                # HELP edge_requests_total Requests.\nAll.
                # TYPE edge_requests_total counter
                edge_requests_total{function="generate",status="200"} 3
                edge_requests_total{function="a\"b\\c\nd",status="404"} 1
                # HELP edge_queue Waiting.
                # TYPE edge_queue gauge
                edge_queue 2.5

                """#
        )
    }

    @Test @LoopActor func `a metric without labels is there from the start`() {
        let metrics = Metrics()
        _ = metrics.counter("edge_a_total", "A.")

        #expect(metrics.text().hasSuffix("edge_a_total 0\n"))
    }

    @Test @LoopActor func `buckets of a histogram add up`() {
        let metrics = Metrics()
        let histogram = metrics.histogram("edge_t", "T.", labels: ["f"], bounds: [0.1, 1])

        for value in [0.05, 0.1, 0.5, 1, 3, .nan] { histogram["x"].observe(value) }
        histogram["x"].observe(.milliseconds(350))

        #expect(
            metrics.text() == """
                # HELP edge_t T.
                # TYPE edge_t histogram
                edge_t_bucket{f="x",le="0.1"} 2
                edge_t_bucket{f="x",le="1"} 5
                edge_t_bucket{f="x",le="+Inf"} 6
                edge_t_sum{f="x"} 5
                edge_t_count{f="x"} 6

                """
        )
        #expect(histogram["x"].count == 6)
    }

    @Test @LoopActor func `an observed number is read when the text is made`() {
        let metrics = Metrics()
        let gauge = Gauge()
        metrics.observed("edge_n", "N.") { gauge.value }

        gauge.value = .infinity

        #expect(metrics.text().hasSuffix("edge_n +Inf\n"))
    }

    @Test @LoopActor func `counters never go down`() {
        let metrics = Metrics()
        let counter = metrics.counter("edge_c_total", "C.")[]

        counter.add(5)
        counter.add(-3)

        #expect(counter.value == 5)
    }

    @Test @LoopActor func `too many label values are counted together`() {
        let metrics = Metrics()
        let counter = metrics.counter("edge_c_total", "C.", labels: ["path"])

        for number in 0..<5_000 { counter["/\(number)"].add() }

        #expect(counter["other"].value == 5_000 - Metric<Counter>.seriesMax)
        #expect(metrics.text().split(separator: "\n").count == 2 + Metric<Counter>.seriesMax + 1)
    }

    @Test @LoopActor func `a request counts in requests, bytes and durations`() {
        let metrics = Metrics()
        let requests = RequestMetrics(metrics)
        var line = LogLine(
            requestID: "r",
            method: "GET",
            target: "/",
            status: 200,
            bytes: 10,
            duration: .milliseconds(3),
            function: "hello"
        )

        requests.count(line)
        requests.count(line)
        line.status = 404
        line.function = nil
        requests.count(line)

        let text = metrics.text()
        #expect(text.contains("edge_requests_total{function=\"hello\",status=\"200\"} 2\n"))
        #expect(text.contains("edge_requests_total{function=\"-\",status=\"404\"} 1\n"))
        #expect(text.contains("edge_response_bytes_total{function=\"hello\"} 20\n"))
        #expect(text.contains("edge_request_duration_seconds_bucket{function=\"hello\",le=\"0.005\"} 2\n"))
    }

    @Test @LoopActor func `the process shows its memory and time`() throws {
        let metrics = Metrics()
        ProcessMetrics.add(to: metrics)

        let lines = metrics.text().split(separator: "\n").filter { !$0.hasPrefix("#") }
        let values = lines.map { Double($0.split(separator: " ")[1]) ?? 0 }

        #expect(lines.count == 4)
        #expect(values.allSatisfy { $0 > 0 })
    }
}
