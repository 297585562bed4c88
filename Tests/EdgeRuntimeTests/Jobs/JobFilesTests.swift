import Digest
import EdgeLoop
import Glibc
import TestSupport
import Testing

@testable import EdgeRuntime

struct JobFilesTests {
    init() { TestLoop.start() }

    let folder = TemporaryFolder()
    let day = "2026-11-21"

    @LoopActor private func open(_ calls: FileCalls = .system) async throws -> JobFiles {
        JobFiles(state: try await StateDirectory(path: folder.path, calls: calls))
    }

    private func document(_ text: String) -> [UInt8] { Array("{\"note\":\"\(text)\"}".utf8) }

    @Test @LoopActor func `a created job is found by the next host`() async throws {
        let id = UUIDText.version7()
        try await open().create(id: id, document: document("one"))

        let jobs = try await open().load()

        #expect(jobs == [StoredJob(id: id, document: document("one"), day: nil)])
        #expect(folder.names(in: "jobs/tmp") == [])
    }

    @Test @LoopActor func `a job's file is this user's alone`() async throws {
        let id = UUIDText.version7()
        try await open().create(id: id, document: document("one"))

        var status = stat()
        #expect(stat("\(folder.path)/jobs/active/\(id).json", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test @LoopActor func `of many replacements at once the newest is what stays, and few are written`() async throws {
        let disk = FaultyDisk()
        let files = try await open(disk.calls)
        let id = UUIDText.version7()
        try await files.create(id: id, document: document("new"))
        disk.arm(failing: nil)

        let tasks = (0..<100).map { number in
            Task { @LoopActor in try await files.replace(id: id, document: document("\(number)")) }
        }
        for task in tasks { try await task.value }

        #expect(folder.text("jobs/active/\(id).json") == "{\"note\":\"99\"}")
        #expect(disk.now.created == 2)
    }

    @Test @LoopActor func `a finished job moves to its day and is read from there`() async throws {
        let files = try await open()
        let id = UUIDText.version7()
        try await files.create(id: id, document: document("one"))

        try await files.finish(id: id, document: document("end"), day: day)

        #expect(folder.names(in: "jobs/active") == [])
        #expect(folder.text("jobs/done/2026-11-21/\(id).json") == "{\"note\":\"end\"}")
        #expect(await files.readDone(id: id) == document("end"))
    }

    @Test @LoopActor func `the next host knows finished jobs without holding them`() async throws {
        let id = UUIDText.version7()
        try await open().finish(id: id, document: document("end"), day: day)

        let files = try await open()
        let active = try await files.load()
        var seen: [StoredJob] = []
        await files.eachFinished { seen.append($0) }

        #expect(active == [])
        #expect(seen == [StoredJob(id: id, document: document("end"), day: day)])
        #expect(await files.readDone(id: id) == document("end"))
    }

    @Test @LoopActor func `an ended job takes no more documents`() async throws {
        let files = try await open()
        let id = UUIDText.version7()
        try await files.create(id: id, document: document("one"))
        let finish = Task { @LoopActor in try await files.finish(id: id, document: document("end"), day: day) }
        await Task.yield()

        await #expect(throws: StateError.finished(id: id)) {
            try await files.replace(id: id, document: document("late"))
        }
        try await finish.value
        await #expect(throws: StateError.finished(id: id)) {
            try await files.replace(id: id, document: document("late"))
        }
        await #expect(throws: StateError.finished(id: id)) {
            try await files.finish(id: id, document: document("again"), day: day)
        }

        #expect(folder.names(in: "jobs/active") == [])
        #expect(await files.readDone(id: id) == document("end"))
    }

    @Test @LoopActor func `an ending overtakes the replacement that waits`() async throws {
        let files = try await open()
        let id = UUIDText.version7()
        let create = Task { @LoopActor in try await files.create(id: id, document: document("one")) }
        let replace = Task { @LoopActor in try await files.replace(id: id, document: document("two")) }
        let finish = Task { @LoopActor in try await files.finish(id: id, document: document("end"), day: day) }

        try await create.value
        try await replace.value
        try await finish.value

        #expect(folder.names(in: "jobs/active") == [])
        #expect(await files.readDone(id: id) == document("end"))
    }

    @Test @LoopActor func `where a crash left both files, the finished one wins`() async throws {
        let id = UUIDText.version7()
        do {
            let files = try await open()
            try await files.finish(id: id, document: document("end"), day: day)
        }
        folder.write("{\"note\":\"old\"}", to: "jobs/active/\(id).json")

        let files = try await open()
        let jobs = try await files.load()

        #expect(jobs == [])
        #expect(folder.names(in: "jobs/active") == [])
        #expect(await files.readDone(id: id) == document("end"))
    }

    @Test @LoopActor func `where both are there and the finished one is damaged, the job is still active`() async throws
    {
        let id = UUIDText.version7()
        try await open().create(id: id, document: document("one"))
        folder.makeFolder("jobs/done/2026-11-21")
        folder.write("{\"note\": oops }", to: "jobs/done/2026-11-21/\(id).json")

        let files = try await open()
        let jobs = try await files.load()

        #expect(jobs == [StoredJob(id: id, document: document("one"), day: nil)])
        #expect(folder.names(in: "jobs/dead") == ["\(id).json"])
        try await files.replace(id: id, document: document("two"))
    }

    @Test @LoopActor func `files that are no documents are kept in dead and told, and the others are loaded`()
        async throws
    {
        let good = UUIDText.version7()
        try await open().create(id: good, document: document("one"))
        let bad = (0..<5).map { _ in UUIDText.version7() }
        folder.write("", to: "jobs/active/\(bad[0]).json")
        folder.write("{\"note\":\"cu", to: "jobs/active/\(bad[1]).json")
        folder.writeBytes([UInt8](repeating: 0, count: 40), to: "jobs/active/\(bad[2]).json")
        folder.writeBytes(document("x") + [0, 0], to: "jobs/active/\(bad[3]).json")
        folder.makeFolder("jobs/active/\(bad[4]).json")
        folder.write("earlier", to: "jobs/dead/\(bad[0]).json")

        let files = try await open()
        var buried: [BuriedJob] = []
        files.onBuried = { buried.append($0) }
        let jobs = try await files.load()

        #expect(jobs.map(\.id) == [good])
        #expect(Set(buried.map(\.id)) == Set(bad))
        #expect(buried.first { $0.id == bad[0] }?.path?.hasSuffix("jobs/dead/\(bad[0]).2.json") == true)
        #expect(folder.text("jobs/dead/\(bad[0]).json") == "earlier")
        #expect(folder.text("jobs/dead/\(bad[1]).json") == "{\"note\":\"cu")
        #expect(folder.names(in: "jobs/active") == ["\(good).json"])
    }

    @Test @LoopActor func `a job that makes no sense can be buried`() async throws {
        let files = try await open()
        let id = UUIDText.version7()
        try await files.create(id: id, document: document("one"))

        try await files.bury(id: id, reason: "version 99")

        #expect(folder.names(in: "jobs/active") == [])
        #expect(folder.names(in: "jobs/dead") == ["\(id).json"])
        await #expect(throws: StateError.unknown(id: id)) { try await files.replace(id: id, document: document("x")) }
    }

    @Test @LoopActor func `finished jobs are removed by their ids, and folders of old days when they are empty`()
        async throws
    {
        let files = try await open()
        let ids = (0..<6).map { _ in UUIDText.version7() }
        let days = ["2026-11-13", "2026-11-13", "2026-11-14", "2026-11-15", "2026-11-20", "2026-11-21"]
        for (id, day) in zip(ids, days) { try await files.finish(id: id, document: document(id), day: day) }

        let gone = await files.removeFinished(ids[..<3].compactMap { JobKey($0) })
        await files.removeEmptyDays(before: "2026-11-14")
        let first = folder.names(in: "jobs/done").sorted()
        await files.removeEmptyDays(before: "2026-11-21")

        #expect(Set(gone.map(\.id)) == Set(ids[..<3]))
        #expect(first == Array(Set(days).sorted().dropFirst()))
        #expect(folder.names(in: "jobs/done") == ["2026-11-15", "2026-11-20", "2026-11-21"])
        #expect(await files.readDone(id: ids[0]) == nil)
        #expect(await files.readDone(id: ids[3]) == document(ids[3]))
        try await files.finish(id: UUIDText.version7(), document: document("late"), day: "2026-11-13")
    }

    @Test @LoopActor func `an ended job whose active file stayed does not come back when its file is removed`()
        async throws
    {
        let disk = FaultyDisk()
        var calls = disk.calls
        calls.unlink = { path in
            path.contains("/active/") && disk.now.code == EIO ? -EIO : FileCalls.system.unlink(path)
        }
        let id = UUIDText.version7()
        do {
            let files = try await open(calls)
            try await files.create(id: id, document: document("one"))
            disk.arm(failing: nil, code: EIO)
            try await files.finish(id: id, document: document("end"), day: day)
            let keys = try [#require(JobKey(id))]
            #expect(await files.removeFinished(keys).isEmpty)
            disk.arm(failing: nil, code: ENOSPC)
            #expect(await files.removeFinished(keys).count == 1)
        }

        #expect(try await open().load() == [])
    }

    @Test @LoopActor func `what a removed job leaves is found by the next host, until its day is over`() async throws {
        let ids = (0..<2).map { _ in UUIDText.version7() }
        do {
            let files = try await open()
            for (id, day) in zip(ids, ["2026-11-20", day]) {
                try await files.finish(id: id, document: document(id), day: day)
                try await files.remove(id: id, leaving: document("trace of \(day)"))
            }
            #expect(files.finished.count == 0)
        }

        let files = try await open()
        #expect(try await files.load() == [])
        var found: [[UInt8]] = []
        await files.eachTrace(of: day) { found.append($0) }
        await files.removeTraces(before: day)

        #expect(found == [document("trace of \(day)")])
        #expect(await files.readDone(id: ids[1]) == nil)
        #expect(folder.names(in: "jobs/done") == [day])
        await files.removeTraces(before: "2026-11-22")
        #expect(folder.names(in: "jobs/done") == [])
        try await files.finish(id: UUIDText.version7(), document: document("late"), day: day)
    }

    @Test(arguments: [false, true]) @LoopActor func `a removed job is gone for good`(isFinished: Bool) async throws {
        let files = try await open()
        let id = UUIDText.version7()
        try await files.create(id: id, document: document("one"))
        if isFinished { try await files.finish(id: id, document: document("end"), day: day) }

        try await files.remove(id: id)

        #expect(folder.names(in: "jobs/active") == [])
        #expect(await files.readDone(id: id) == nil)
        await #expect(throws: StateError.unknown(id: id)) { try await files.replace(id: id, document: document("x")) }
        await #expect(throws: StateError.unknown(id: id)) { try await files.remove(id: id) }
    }

    @Test(arguments: ["", "..", "../../etc/passwd", "a/b", "019A8E5C-4F2B-7C31-9F0E-2B1C5D8A7E64", "x\0"])
    @LoopActor func `what is no id of ours never becomes a path`(id: String) async throws {
        let files = try await open()

        await #expect(throws: StateError.badName(what: "job id", name: id)) {
            try await files.create(id: id, document: document("one"))
        }
        #expect(await files.readDone(id: id) == nil)
    }

    @Test @LoopActor func `a day folder that somebody removed is made again`() async throws {
        let files = try await open()
        try await files.finish(id: UUIDText.version7(), document: document("a"), day: day)
        let id = UUIDText.version7()
        try await files.create(id: id, document: document("b"))
        for name in folder.names(in: "jobs/done/\(day)") { unlink("\(folder.path)/jobs/done/\(day)/\(name)") }
        rmdir("\(folder.path)/jobs/done/\(day)")

        let error = await #expect(throws: StateError.self) {
            try await files.finish(id: id, document: document("end"), day: day)
        }
        try await files.finish(id: id, document: document("end"), day: day)

        #expect(error?.description.contains("No such file") == true)
        #expect(await files.readDone(id: id) == document("end"))
    }
}

struct JobKeyTests {
    @Test func `an id survives being a number, and sorts as its text does`() throws {
        let ids = (0..<200).map { _ in UUIDText.version7() }

        let keys = try ids.map { try #require(JobKey($0)) }

        #expect(keys.map(\.id) == ids)
        #expect(keys.shuffled().sorted().map(\.id) == ids)
        #expect(MemoryLayout<JobKey>.stride == 16)
    }
}

struct FinishedIndexTests {
    @Test func `each id has the day it was given, in whatever order they came`() throws {
        let keys = try (0..<300).map { _ in try #require(JobKey(UUIDText.version7())) }
        var index = FinishedIndex()

        index.insert(day: "2026-11-20", keys: keys[..<100].shuffled())
        for key in keys[100..<300].shuffled() { index.insert(key, day: key < keys[200] ? "2026-11-21" : "2026-11-19") }
        index.remove(keys[150])

        #expect(index.dayNames == ["2026-11-19", "2026-11-20", "2026-11-21"])
        #expect(index.count == 299)
        #expect(index.day(of: keys[0]) == "2026-11-20")
        #expect(index.day(of: keys[150]) == nil)
        #expect(index.day(of: keys[151]) == "2026-11-21")
        #expect(index.keys(of: "2026-11-19") == Array(keys[200...]))
    }
}
