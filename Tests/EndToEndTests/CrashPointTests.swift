// A host that dies or loses its disk at any of its steps: what was promised is kept, nothing is paid twice without the mark, and all money is
// accounted for.
import EdgeLoop
import Glibc
import TestSupport
import Testing

struct CrashPointTests {
    init() { TestLoop.start() }

    /// `EDGE_CRASH_STEP`: every so many-th point is tried, from a random one on; 1: every point.
    private static let step = getenv("EDGE_CRASH_STEP").flatMap { Int(String(cString: $0)) } ?? 60
    /// `EDGE_CRASH_LIFE`: this life alone.
    private static let only = getenv("EDGE_CRASH_LIFE").map { String(cString: $0) }
    /// Points are parted among so many, to use all of the machine.
    private static let parts = 2
    /// A disk that stays full is left alone after this: the host only tries again.
    private static let patience = Duration.seconds(8)

    enum Life: String, CaseIterable, Sendable {
        case job, handOver, payer, webhook

        @LoopActor
        func begin() async throws -> any HostLife {
            switch self {
            case .job: try JobLife()
            case .handOver: try HandOverLife()
            case .payer: try await PayerLife()
            case .webhook: try WebhookLife()
            }
        }
    }

    /// A life and what happens in it.
    struct Story: Sendable, CustomStringConvertible {
        let life: Life
        let fault: CrashFault

        var description: String { "\(life.rawValue), \(fault.rawValue)" }
    }

    private static let lives = Life.allCases.filter { only == nil || only == $0.rawValue }
    private static let stories = lives.flatMap { life in CrashFault.allCases.map { Story(life: life, fault: $0) } }

    @Test(
        "Whatever happens at any point, each job ends once and is paid once, and no money is spent unseen or held for ever",
        arguments: stories,
        0..<parts
    )
    @LoopActor func everyPoint(story: Story, part: Int) async throws {
        var point = Int.random(in: 1...Self.step) + part * Self.step
        var tried = 0
        while true {
            let reached = try await trial(story.life, (story.fault, point))
            guard reached >= point else {
                print("crash points, \(story), part \(part): \(tried) tried, the last life had \(reached) points")
                return
            }
            tried += 1
            point += Self.parts * Self.step
        }
    }

    @Test("A host that dies again while it takes up what another has left", arguments: lives)
    @LoopActor func twice(life: Life) async throws {
        var (tried, reached) = (0, 0)
        for point in stride(from: Int.random(in: 1...Self.step), through: 150, by: Self.step) {
            tried += 1
            // What the first host leaves is not nothing, so that the second one has something to take up. After one call is nearly before the
            // next one: either will do.
            let faults = [CrashFault.before, .after].shuffled()
            if try await trial(life, (faults[0], Int.random(in: 30...140)), (faults[1], point)) >= point {
                reached += 1
            }
        }
        print("crash points, twice \(life.rawValue): \(tried) tried, \(reached) second hosts came so far")
    }

    /// Hosts that meet a fault, one after the other, and then one that meets none.
    /// - Returns: how many points the last of the first ones has reached.
    @LoopActor
    private func trial(
        _ kind: Life,
        _ faults: (how: CrashFault, point: Int)...
    ) async throws -> Int {
        let life = try await kind.begin()
        let host = life.host
        let plain = host.options.environment
        let place = Comment(
            rawValue: "\(kind.rawValue): "
                + faults.map { "\($0.how.rawValue) at point \($0.point)" }.joined(separator: ", then ")
        )
        var reached = 0
        for (number, fault) in faults.enumerated() {
            let log = "\(host.folder.path)/points\(number)"
            let faulty = try await CrashPoint.environment(fault.how, at: fault.point, state: host.state, log: log)
            host.options.environment = plain + faulty
            try await life.prepare(faults: number)
            do {
                try await withEdge(host) { host in
                    let end = LoopTimer(after: Self.patience) { if fault.how == .enospc { host.signal(SIGKILL) } }
                    defer { end.cancel() }
                    try await life.run()
                }
            } catch {  // mostly the host is gone, or its disk is full: the next one goes on
                if let failure = error as? HostTestFailure, failure.error is PromiseBroken {
                    Issue.record(error, place)
                }
            }
            reached = (fileText(log) ?? "").split(separator: "\n").count
        }
        host.options.environment = plain
        do {
            try await life.prepare(faults: faults.count)
            try await withEdge(host) { host in
                try await life.run()
                try await eventually("all jobs to end, \(place)") { filesIn("\(host.state)/jobs/active").isEmpty }
                try await life.check(place)
            }
        } catch {
            Issue.record(error, place)
        }
        return reached
    }
}
