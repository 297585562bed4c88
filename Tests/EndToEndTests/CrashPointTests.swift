// A host that dies or loses its disk at any of its steps: what was accepted is done once, nothing is paid twice, and its money is accounted for.
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

struct CrashPointTests {
    init() { TestLoop.start() }

    /// `EDGE_CRASH_STEP`: every so many-th point is tried, from a random one on; 1: every point.
    private static let step = getenv("EDGE_CRASH_STEP").flatMap { Int(String(cString: $0)) } ?? 25
    /// Points are parted among so many, to use all of the machine.
    private static let parts = 2

    @Test(
        "Whatever happens at any point, each job ends once and is paid once, and no money is spent unseen or held for ever",
        arguments: CrashFault.allCases,
        0..<parts
    )
    @LoopActor func everyPoint(fault: CrashFault, part: Int) async throws {
        var point = Int.random(in: 1...Self.step) + part * Self.step
        var tried = 0
        while true {
            let reached = try await trial((fault, point))
            guard reached >= point else {
                print(
                    "crash points, \(fault.rawValue), part \(part): \(tried) tried, the last life had \(reached) points"
                )
                return
            }
            tried += 1
            point += Self.parts * Self.step
        }
    }

    /// What the first host leaves is not nothing, so that the second one has something to take up.
    @Test("A host that dies again while it takes up what another has left", arguments: [CrashFault.before, .after])
    @LoopActor func twice(fault: CrashFault) async throws {
        var (tried, reached) = (0, 0)
        for point in stride(from: Int.random(in: 1...Self.step), through: 150, by: Self.step) {
            tried += 1
            if try await trial((fault, Int.random(in: 30...140)), (fault, point)) >= point { reached += 1 }
        }
        print("crash points, twice \(fault.rawValue): \(tried) tried, \(reached) second hosts came so far")
    }

    /// Hosts that meet a fault, one after the other, and then one that meets none.
    /// - Returns: how many points the last of the first ones has reached.
    @LoopActor
    private func trial(_ faults: (how: CrashFault, point: Int)...) async throws -> Int {
        let runware = try JobLife.provider()
        let host = EdgeHost(JobLife.options(runware))
        let plain = host.options.environment
        let place = Comment(
            rawValue: faults.map { "\($0.how.rawValue) at point \($0.point)" }.joined(separator: ", then ")
        )
        var (reached, removed) = (0, 0)
        for (number, fault) in faults.enumerated() {
            let log = "\(host.folder.path)/points\(number)"
            let faulty = try await CrashPoint.environment(fault.how, at: fault.point, state: host.state, log: log)
            host.options.environment = plain + faulty
            var life = JobLife(host, removed: removed)
            do {
                try await withEdge(host) { _ in try await life.run() }
            } catch {  // mostly the host is gone, or its disk is full: the next one goes on
                if let failure = error as? HostTestFailure, failure.error is BudgetPassed { Issue.record(error, place) }
            }
            if life.asksToRemove { removed += 1 }
            reached = (fileText(log) ?? "").split(separator: "\n").count
        }
        host.options.environment = plain
        do {
            var life = JobLife(host, removed: removed)
            try await withEdge(host) { host in
                try await life.run()
                try await eventually("all jobs to end, \(place)") { filesIn("\(host.state)/jobs/active").isEmpty }
                check(host, runware, removed: removed, place)
                try await checkMoney(host, runware, limit: life.limit, place)
            }
        } catch {
            Issue.record(error, place)
        }
        return reached
    }

    @LoopActor
    private func check(_ host: EdgeHost, _ runware: RunwareScript, removed: Int, _ place: Comment) {
        let done = host.doneJobs
        #expect(filesIn("\(host.state)/jobs/dead").isEmpty, place)
        #expect(filesIn("\(host.state)/jobs/tmp").isEmpty, place)
        #expect(filesBelow("\(host.state)/jobs/done").filter { $0.hasSuffix(".json") }.count == done.count, place)
        let kites = done.values.filter { $0["input"]?["prompt"] == "a kite" && $0["attempts"]?.array?.isEmpty == false }
        #expect(kites.count == 1, "\(place): \(kites.map { $0.text() })")
        for kite in kites { #expect(kite["state"] == "succeeded", "\(place): \(kite.text())") }
        #expect(runware.paid(for: "a kite") == 1, place)
        // A removed job's request is a new one.
        #expect((1...1 + removed).contains(runware.paid(for: "a hen")), place)
        #expect(runware.paid.values.allSatisfy { $0 == 1 }, place)
    }

    /// The ledger has what the provider took, inside the budgets; what nobody can know is marked.
    @LoopActor
    private func checkMoney(_ host: EdgeHost, _ runware: RunwareScript, limit: Int64, _ place: Comment) async throws {
        let took = Int64(runware.paidInAll) * JobLife.price
        let usage = try await runEdge(["usage", "--by", "provider", "--json", "--state", host.state], in: host.folder)
        let total = try JSONValue.parse(usage.output)["total"]
        let spent = total?["microdollars"]?.integer ?? 0
        let perhaps = total?["perhapsMicrodollars"]?.integer ?? 0
        #expect((spent - perhaps...spent).contains(took), "\(place): \(took) were taken; \(usage.output)")
        let marked = host.doneJobs.values.flatMap(\.attempts).filter { $0["perhapsPaid"] == true }
        #expect(perhaps == marked.reduce(0) { $0 + ($1["cost"]?.integer ?? 0) }, "\(place): \(usage.output)")
        #expect(spent <= limit, place)
        let shown = try await runEdge(["spend", "--state", host.state], in: host.folder).output
        #expect(shown.contains("reserved          $0.00\n"), "\(place): \(shown)")
        for budget in ["the life", "its provider", "its user"] {
            let line = shown.split(separator: "\n").first { $0.hasPrefix(budget) } ?? ""
            #expect(line.contains(" $0.00 "), "\(place): nothing is held, \(shown)")
        }
    }
}
