import CivilTime
import Testing

@testable import EdgeRuntime

struct RouteCircuitTests {
    let start = Timestamp(milliseconds: 1_795_000_000_000)

    @Test func `five failures in a row open it, and one probe closes it again`() {
        var circuit = RouteCircuit()
        let early = (0..<4).map { _ in circuit.failed(at: start) }
        #expect(early == [false, false, false, false])

        #expect(circuit.closedUntil(now: start) == nil)
        let hasOpened = circuit.failed(at: start)
        #expect(hasOpened)
        #expect(circuit.closedUntil(now: start) == start + .seconds(30))

        let later = start + .seconds(30)
        #expect(circuit.closedUntil(now: later) == nil)
        circuit.began(at: later)
        #expect(circuit.closedUntil(now: later) != nil, "one probe at a time")

        circuit.succeeded()
        #expect(circuit.state == .closed)
    }

    @Test func `a probe that fails doubles the time, up to a limit`() {
        var circuit = RouteCircuit()
        for _ in 0..<5 { _ = circuit.failed(at: start) }
        var now = start + .seconds(30)
        var waits: [Duration] = []
        for _ in 0..<6 {
            circuit.began(at: now)
            _ = circuit.failed(at: now)
            guard let until = circuit.closedUntil(now: now) else { break }
            waits.append(until - now)
            now = until
        }

        #expect(waits == [60, 120, 240, 480, 600, 600].map { .seconds($0) })
    }

    @Test func `half of the runs failing opens it, a few failures among many do not`() {
        var bad = RouteCircuit()
        var opened = false
        for run in 0..<10 where !opened {
            if run.isMultiple(of: 2) { bad.succeeded() } else { opened = bad.failed(at: start) }
        }
        #expect(opened)

        var good = RouteCircuit()
        var hasOpened = false
        for run in 0..<200 {
            if run.isMultiple(of: 4) { hasOpened = good.failed(at: start) || hasOpened } else { good.succeeded() }
        }
        #expect(!hasOpened)
    }

    @Test func `a probe that tells nothing lets the next one try`() {
        var circuit = RouteCircuit()
        for _ in 0..<5 { _ = circuit.failed(at: start) }
        let later = start + .seconds(30)
        circuit.began(at: later)
        circuit.toldNothing(at: later)

        #expect(circuit.closedUntil(now: later) == nil)
    }

    @Test func `the median is of the latest runs`() {
        var times = RunTimes()
        #expect(times.median == nil)
        for seconds in 1...100 { times.add(.seconds(seconds)) }

        #expect(times.median == .seconds(91))
    }
}
