import Testing

@testable import EdgeRuntime

struct CrashCircuitTests {
    private let start = ContinuousClock.now

    @Test func `four crashes in a minute leave it closed, the fifth opens it`() {
        var circuit = CrashCircuit()

        for second in 0..<4 { #expect(circuit.crashed(at: start + .seconds(second)) == nil) }
        #expect(circuit.admit(at: start + .seconds(4)) == .pass)
        let opened = circuit.crashed(at: start + .seconds(5))

        #expect(opened == CrashCircuit.openFirst)
        #expect(circuit.admit(at: start + .seconds(6)) == .refused(retryAfter: .seconds(4)))
    }

    @Test func `crashes more than a minute ago are forgotten`() {
        var circuit = CrashCircuit()
        for second in 0..<4 { _ = circuit.crashed(at: start + .seconds(second)) }

        let opened = circuit.crashed(at: start + .seconds(60))

        #expect(opened == nil)
        #expect(circuit.state == .closed)
    }

    @Test func `an answered call does not wash crashes away`() {
        var circuit = CrashCircuit()

        for second in 0..<4 {
            _ = circuit.crashed(at: start + .seconds(second))
            circuit.answered()
        }

        #expect(circuit.crashed(at: start + .seconds(5)) != nil)
    }

    @Test func `after the wait one call passes as a probe and the others are refused until it is answered`() {
        var circuit = opened()
        let later = start + CrashCircuit.openFirst

        #expect(circuit.admit(at: later) == .probe)
        #expect(circuit.admit(at: later) == .refused(retryAfter: CrashCircuit.probeWait))
        circuit.answered()

        #expect(circuit.admit(at: later) == .pass)
    }

    @Test func `each probe that crashes doubles the wait, up to its limit`() {
        var circuit = opened()
        var now = start
        var wait = CrashCircuit.openFirst
        var waits: [Duration] = []

        for _ in 0..<8 {
            now += wait
            #expect(circuit.admit(at: now) == .probe)
            wait = circuit.crashed(at: now) ?? .zero
            waits.append(wait)
        }

        #expect(waits == [10, 20, 40, 80, 160, 300, 300, 300].map { .seconds($0) })
    }

    @Test func `a closed circuit begins again with the first wait`() {
        var circuit = opened()
        _ = circuit.admit(at: start + .seconds(5))
        _ = circuit.crashed(at: start + .seconds(5))
        _ = circuit.admit(at: start + .seconds(20))
        circuit.answered()

        let waits = (0..<5).map { circuit.crashed(at: start + .seconds(21 + $0)) }

        #expect(waits == [nil, nil, nil, nil, CrashCircuit.openFirst])
    }

    @Test func `when the probe's caller leaves, the next call is the probe`() {
        var circuit = opened()
        let later = start + CrashCircuit.openFirst
        _ = circuit.admit(at: later)

        circuit.probeAbandoned(at: later)

        #expect(circuit.admit(at: later) == .probe)
    }

    private func opened() -> CrashCircuit {
        var circuit = CrashCircuit()
        for _ in 0..<5 { _ = circuit.crashed(at: start) }
        return circuit
    }
}
