import Testing

@testable import Sandbox

struct SandboxBehaviourTests {
    private func behaviour(_ set: (inout SandboxSettings) -> Void = { _ in }) -> SandboxBehaviour {
        var settings = SandboxSettings()
        set(&settings)
        return SandboxBehaviour(settings: settings)
    }

    @Test func `without settings it draws each time`() {
        var sandbox = behaviour()

        #expect((0..<5).allSatisfy { _ in sandbox.asked(at: .zero) == .draw })
    }

    @Test func `a model loads from its first use on, and tells how long still`() {
        var sandbox = behaviour { $0.load = .seconds(20) }

        #expect(sandbox.asked(at: .seconds(100)) == .loading(.seconds(20)))
        #expect(sandbox.asked(at: .seconds(110)) == .loading(.seconds(10)))
        #expect(sandbox.asked(at: .seconds(120)) == .draw)
    }

    @Test func `a model that is left alone sleeps and loads again`() {
        var sandbox = behaviour { $0.load = .seconds(20) }
        _ = sandbox.asked(at: .zero)

        #expect(sandbox.asked(at: .seconds(30)) == .draw)
        #expect(sandbox.asked(at: .seconds(89)) == .draw)
        #expect(sandbox.asked(at: .seconds(149)) == .loading(.seconds(20)))
    }

    @Test func `it does not fall asleep while it loads`() {
        var sandbox = behaviour { $0.load = .seconds(300) }
        _ = sandbox.asked(at: .zero)

        #expect(sandbox.asked(at: .seconds(200)) == .loading(.seconds(100)))
    }

    @Test func `an image that takes its time keeps the model awake`() {
        var sandbox = behaviour { $0.load = .seconds(1) }
        _ = sandbox.asked(at: .zero)
        _ = sandbox.asked(at: .seconds(2))

        sandbox.finished(at: .seconds(90))

        #expect(sandbox.asked(at: .seconds(100)) == .draw)
    }

    @Test func `one image in each span of time`() {
        var sandbox = behaviour { $0.rate = .seconds(10) }

        #expect(sandbox.asked(at: .seconds(1)) == .draw)
        #expect(sandbox.asked(at: .seconds(4)) == .limited(.seconds(7)))
        #expect(sandbox.asked(at: .seconds(11)) == .draw)
        #expect(sandbox.asked(at: .seconds(12)) == .limited(.seconds(9)))
    }

    @Test func `every third fails, and refusals do not count`() {
        var sandbox = behaviour {
            $0.failEvery = 3
            $0.rate = .seconds(1)
        }

        let moves = (0..<6).map { sandbox.asked(at: .seconds($0)) }
        let refused = sandbox.asked(at: .milliseconds(5500))

        #expect(moves == [.draw, .draw, .fail, .draw, .draw, .fail])
        #expect(refused == .limited(.milliseconds(500)))
    }

    @Test func `loading comes before the rate`() {
        var sandbox = behaviour {
            $0.load = .seconds(5)
            $0.rate = .seconds(60)
        }

        #expect(sandbox.asked(at: .zero) == .loading(.seconds(5)))
        #expect(sandbox.asked(at: .seconds(5)) == .draw)
    }
}
