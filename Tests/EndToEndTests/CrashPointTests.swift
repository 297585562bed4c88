// A host that dies or loses its disk at any of its steps: what was accepted is done once, and nothing is paid twice.
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
        "Whatever happens at any point, each job ends once and is paid once",
        arguments: CrashFault.allCases,
        0..<parts
    )
    @LoopActor func everyPoint(fault: CrashFault, part: Int) async throws {
        var point = Int.random(in: 1...Self.step) + part * Self.step
        var tried = 0
        while true {
            let reached = try await trial(fault, at: point)
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

    /// - Returns: how many points the first host has reached.
    @LoopActor
    private func trial(_ fault: CrashFault, at point: Int) async throws -> Int {
        let runware = try JobLife.provider()
        var options = EdgeOptions(environment: runware.environment + [("RUNWARE_DELIVERY", "sync")])
        let plain = options.environment
        let host = EdgeHost(options)
        let log = "\(host.folder.path)/points"
        options.environment += try await CrashPoint.environment(fault, at: point, state: host.state, log: log)
        host.options = options
        var life = JobLife(host)
        do {
            try await withEdge(host) { _ in try await life.run() }
        } catch {}  // the host is gone, or its disk is full: the next one goes on
        let wasRemoved = life.asksToRemove
        let reached = (fileText(log) ?? "").split(separator: "\n").count

        host.options.environment = plain
        let place: Comment = "\(fault.rawValue) at point \(point)"
        do {
            try await withEdge(host) { host in
                var second = JobLife(host)
                try await second.run()
                try await eventually("all jobs to end, \(place)") { filesIn("\(host.state)/jobs/active").isEmpty }
                check(host, runware, wasRemoved: wasRemoved, place)
            }
        } catch {
            Issue.record(error, place)
        }
        return reached
    }

    @LoopActor
    private func check(_ host: EdgeHost, _ runware: RunwareScript, wasRemoved: Bool, _ place: Comment) {
        let done = host.doneJobs
        #expect(filesIn("\(host.state)/jobs/dead").isEmpty, place)
        #expect(filesIn("\(host.state)/jobs/tmp").isEmpty, place)
        #expect(filesBelow("\(host.state)/jobs/done").filter { $0.hasSuffix(".json") }.count == done.count, place)
        let kites = done.values.filter { $0["input"]?["prompt"] == "a kite" && $0["attempts"]?.array?.isEmpty == false }
        #expect(kites.count == 1, "\(place): \(kites.map { $0.text() })")
        for kite in kites { #expect(kite["state"] == "succeeded", "\(place): \(kite.text())") }
        #expect(runware.paid(for: "a kite") == 1, place)
        // A removed job's request is a new one.
        #expect((1...(wasRemoved ? 2 : 1)).contains(runware.paid(for: "a hen")), place)
        #expect(runware.paid.values.allSatisfy { $0 == 1 }, place)
    }
}
