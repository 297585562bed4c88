// Counts that are kept over restarts, also by a disk that fails.
import Callers
import CivilTime
import Digest
import EdgeLoop
import Glibc
import JSON
import Limits
import TestSupport
import Testing

@testable import EdgeRuntime

struct LimitKeeperTests {
    init() { TestLoop.start() }

    private let caller = Caller(id: "key:abc", tier: .pro, isKnown: true)

    private static let host: HostSettings = {
        var settings = HostSettings()
        settings.limits = LimitSettings()
        settings.limits?.caller.perDay = 2
        return settings
    }()

    /// A keeper as a host that starts on this folder has it.
    @LoopActor
    private func keeper(
        _ folder: TemporaryFolder,
        serial: Int64,
        disk: FileCalls = .system,
        log: @escaping @LoopActor (String) -> Void = { Issue.record("\($0)") }
    ) async throws -> (LimitKeeper, JobFiles) {
        let files = JobFiles(state: try await StateDirectory(path: folder.path, calls: disk))
        let keeper = LimitKeeper(files: files, log: log)
        keeper.serial = { serial }
        keeper.use(Self.host, PromptPolicy(), knowsCallers: false)
        await keeper.load()
        return (keeper, files)
    }

    private func work() -> NewWork {
        let ticket = Ticket(
            input: Array("{}".utf8),
            key: nil,
            lanes: LaneSet([Lane(name: "f", price: nil)]),
            isFresh: false
        )
        return NewWork(
            id: UUIDText.version7(),
            function: "f",
            ticket: ticket,
            caller: caller,
            now: .now(),
            waitedUntil: nil,
            tier: caller.tier,
            isExempt: false
        )
    }

    /// What the files of accepted work tell.
    private func accepted(_ serials: ClosedRange<Int64>) -> AcceptedWork {
        var accepted = AcceptedWork()
        for serial in serials {
            accepted.note([
                "serial": .integer(serial), "generation": .string("g\(serial)"), "function": "f", "caller": caller.json,
                "created": .string(Timestamp.now().iso8601),
            ])
        }
        return accepted
    }

    @Test @LoopActor func `what the file of counts has is not counted again, and what it has not is`() async throws {
        let folder = TemporaryFolder()
        do {
            let (keeper, files) = try await keeper(folder, serial: 1)
            try keeper.admit(work())
            #expect(await keeper.save())
            #expect(files.countedThrough == 1)
        }
        let (next, files) = try await keeper(folder, serial: 2)
        await next.count(accepted(1...2), now: .now())

        #expect(files.countedThrough == 2)
        let problem = #expect(throws: Problem.self) { try next.admit(work()) }
        #expect(problem?.code == "daily_limit")
    }

    @Test @LoopActor func `counts that could not be written leave what is removed its trace`() async throws {
        let folder = TemporaryFolder()
        var disk = FileCalls.system
        disk.rename = { $1.hasSuffix(LimitKeeper.fileName) ? -EIO : FileCalls.system.rename($0, $1) }
        let said = Said()
        let (keeper, files) = try await keeper(folder, serial: 1, disk: disk) { said.lines.append($0) }
        try keeper.admit(work())
        let isSaved = await keeper.save()
        let document: JSONObject = [
            "serial": 1, "generation": "g", "function": "f", "created": "2020-01-01T00:00:00.000Z",
            "caller": caller.json,
            "input": ["prompt": "nobody's business"],
        ]
        let trace = RunsOfToday.trace(of: document, now: .now(), countedThrough: files.countedThrough)

        #expect(!isSaved)
        #expect(said.lines.count == 1)
        #expect(folder.names(in: "jobs/tmp").isEmpty)
        let bytes = try #require(trace)
        let kept = try #require(try JSONValue.parse(bytes).object)
        #expect(kept["serial"] == 1)
        #expect(kept["caller"] == caller.json)
        #expect(kept["input"] == nil)
        #expect(RunsOfToday.trace(of: document, now: .now(), countedThrough: 1) == nil)
    }

    @Test(arguments: ["", "{", #"{"version": 1, "through": 5, "day": "soon", "images": {}, "minutes": {}}"#, "[]"])
    @LoopActor func `a damaged file of counts is told, and the job files count alone`(text: String) async throws {
        let folder = TemporaryFolder()
        _ = try await StateDirectory(path: folder.path)
        folder.write(text, to: LimitKeeper.fileName)
        let said = Said()
        let (keeper, _) = try await keeper(folder, serial: 2) { said.lines.append($0) }
        await keeper.count(accepted(1...2), now: .now())

        #expect(said.lines.count == 1)
        #expect(said.lines.first?.contains(LimitKeeper.fileName) == true)
        #expect(throws: Problem.self) { try keeper.admit(work()) }
    }

    @Test @LoopActor func `who has no limits leaves no counts on disk`() async throws {
        let folder = TemporaryFolder()
        let (keeper, files) = try await keeper(folder, serial: 1)
        keeper.use(HostSettings(), PromptPolicy(), knowsCallers: false)
        for _ in 0..<3 { try keeper.admit(work()) }
        let isSaved = await keeper.save()

        #expect(isSaved)
        #expect(!fileExists("\(files.state.path)/\(LimitKeeper.fileName)"))
    }
}

@LoopActor
private final class Said {
    var lines: [String] = []

    nonisolated init() {}
}
