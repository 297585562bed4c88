import CivilTime
import Digest
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

@testable import EdgeRuntime

struct ResultCacheTests {
    init() { TestLoop.start() }

    let folder = TemporaryFolder()
    let start = Timestamp.now()

    @LoopActor
    private func open(_ calls: FileCalls = .system, sizeMax: Int = 1 << 20) async throws -> ResultCache {
        let state = try await StateDirectory(path: folder.path, calls: calls)
        return ResultCache(images: ImageFiles(state: state), sizeMax: sizeMax)
    }

    private func key(_ number: Int) -> String { SHA256.hex(of: "\(number)") }

    /// Stores an image of that many bytes and keeps it under a key.
    @LoopActor @discardableResult
    private func keep(
        _ cache: ResultCache,
        _ number: Int,
        bytes: Int = 1000,
        seed: UInt8? = nil,
        ttl: Duration = .seconds(1000)
    ) async throws -> ImageName {
        let content = [UInt8](repeating: seed ?? UInt8(truncatingIfNeeded: number), count: bytes)
        let image = try await cache.images.put(content, ext: "png")
        let record = ImageRecord(sha256: image.sha256, type: "image/png", bytes: bytes, width: 8, height: nil)
        let result = JobResult(images: [record], facts: ["seed": 42, "provider": "sandbox", "made": [1, 2.5, "x"]])
        let entry = CacheEntry(result, job: UUIDText.version7(), made: start)
        try await cache.insert(key: key(number), entry: entry, ttl: ttl)
        return image.name
    }

    /// Lets removals of images that were begun come to their end.
    @LoopActor
    private func settle(_ images: ImageFiles, _ name: ImageName) async {
        await Task.yield()
        await images.gate.enter(name.key)
        images.gate.leave(name.key)
    }

    @Test @LoopActor func `a result is found again, by this host and the next`() async throws {
        let first: CacheEntry?
        do {
            let cache = try await open()
            try await keep(cache, 1)
            first = await cache.lookup(key: key(1), now: start)
        }

        let cache = try await open()
        await cache.load()

        #expect(first?.result.images.first?.bytes == 1000)
        #expect(first?.result.facts["made"] == [1, 2.5, "x"])
        #expect(await cache.lookup(key: key(1), now: start) == first)
        #expect(cache.count == 1 && cache.bytes == 1000)
        #expect(await cache.images.sweep() == 1000)
    }

    @Test @LoopActor func `a key that is not there, or is none, is a miss`() async throws {
        let cache = try await open()

        #expect(await cache.lookup(key: key(1), now: start) == nil)
        #expect(await cache.lookup(key: "../../secrets", now: start) == nil)
        let image = try await cache.images.put([1], ext: "png")
        let record = ImageRecord(sha256: image.sha256, type: "image/png", bytes: 1, width: nil, height: nil)
        let entry = CacheEntry(JobResult(images: [record], facts: [:]), job: "x", made: start)
        await #expect(throws: StateError.badName(what: "cache key", name: "..")) {
            try await cache.insert(key: "..", entry: entry, ttl: .seconds(1))
        }
    }

    @Test @LoopActor func `a result that is too old is a miss and goes with its image`() async throws {
        let cache = try await open()
        let name = try await keep(cache, 1, ttl: .seconds(10))

        #expect(await cache.lookup(key: key(1), now: start + .milliseconds(9_999)) != nil)
        #expect(await cache.lookup(key: key(1), now: start + .seconds(10)) == nil)
        await settle(cache.images, name)

        #expect(cache.count == 0)
        #expect(!folder.exists("images/\(name.path)"))
        #expect(folder.names(in: "cache/\(key(1).prefix(2))") == [])
    }

    @Test @LoopActor func `beyond its size the results not used for longest go`() async throws {
        let cache = try await open(sizeMax: 3500)
        var removed: [String] = []
        cache.onRemoved = { removed.append($0) }
        for number in 0..<3 { try await keep(cache, number) }
        _ = await cache.lookup(key: key(0), now: start)

        try await keep(cache, 3)

        #expect(removed == [key(1)])
        #expect(cache.bytes == 3000)
        #expect(await cache.lookup(key: key(1), now: start) == nil)
        #expect(await cache.lookup(key: key(0), now: start) != nil)
        cache.sizeMax = 1000
        await cache.evict(now: start)
        #expect(removed == [key(1), key(2), key(3)])
    }

    @Test @LoopActor func `the next host knows which were not used for longest`() async throws {
        do {
            let cache = try await open()
            for number in 0..<3 { try await keep(cache, number) }
        }
        for (number, age) in [(0, 100), (1, 300), (2, 200)] {
            var times = [timespec(), timespec()]
            times[1].tv_sec = Int(start.milliseconds / 1000) - age
            let path = "\(folder.path)/cache/\(key(number).prefix(2))/\(key(number).dropFirst(2)).json"
            #expect(utimensat(AT_FDCWD, path, times, 0) == 0)
        }

        let cache = try await open(sizeMax: 1500)
        await cache.load()

        #expect(cache.count == 1)
        #expect(await cache.peek(key: key(0)) != nil)
    }

    @Test @LoopActor func `use is marked on disk, but at most once an hour`() async throws {
        let touches = CallCounter()
        var calls = FileCalls.system
        calls.touch = {
            touches.add()
            return FileCalls.system.touch($0)
        }
        let cache = try await open(calls)
        try await keep(cache, 1, ttl: .seconds(100_000))
        let later = Timestamp.now() + .seconds(3601)

        _ = await cache.lookup(key: key(1), now: start)
        for _ in 0..<5 { _ = await cache.lookup(key: key(1), now: later) }
        _ = await cache.lookup(key: key(1), now: later + .seconds(3600))
        await Pool.run {}
        _ = await cache.lookup(key: key(1), now: later + .seconds(3600))

        #expect(touches.count == 2)
    }

    @Test @LoopActor func `an image stays while another result or a job refers to it`() async throws {
        let cache = try await open()
        let name = try await keep(cache, 1, seed: 9)
        try await keep(cache, 2, seed: 9)
        cache.images.retain(name, by: "job")

        await cache.remove(key: key(1))
        await cache.remove(key: key(2))
        await settle(cache.images, name)
        #expect(folder.exists("images/\(name.path)"))

        cache.images.release(name, by: "job")
        await settle(cache.images, name)
        #expect(!folder.exists("images/\(name.path)"))
    }

    @Test @LoopActor func `a newer result ends the older one and its image`() async throws {
        let cache = try await open()
        var removed: [String] = []
        cache.onRemoved = { removed.append($0) }
        let old = try await keep(cache, 1, seed: 1)

        let new = try await keep(cache, 1, seed: 2)
        await settle(cache.images, old)

        #expect(removed == [key(1)])
        #expect(await cache.lookup(key: key(1), now: start)?.imageNames == [new])
        #expect(!folder.exists("images/\(old.path)"))
        #expect(cache.count == 1 && cache.bytes == 1000)
    }

    @Test(arguments: ["missing", "damaged"])
    @LoopActor func `a result without its image is a miss, so that it is made again`(loss: String) async throws {
        let name = try await {
            let cache = try await open()
            return try await keep(cache, 1)
        }()
        if loss == "missing" {
            unlink("\(folder.path)/images/\(name.path)")
        } else {
            folder.writeBytes([UInt8](repeating: 3, count: 1000), to: "images/\(name.path)")
        }

        let cache = try await open()
        await cache.load()
        var removed: [String] = []
        cache.onRemoved = { removed.append($0) }

        #expect(await cache.lookup(key: key(1), now: start) == nil)
        #expect(removed == [key(1)])
        try await keep(cache, 1)
        #expect(await cache.lookup(key: key(1), now: start) != nil)
    }

    @Test @LoopActor func `damaged, foreign and old entries are no results, and harm nothing`() async throws {
        do {
            let cache = try await open()
            for number in 0..<5 { try await keep(cache, number) }
            try await keep(cache, 5, ttl: .zero)
        }
        func path(_ number: Int) -> String { "cache/\(key(number).prefix(2))/\(key(number).dropFirst(2)).json" }
        let good = try #require(folder.text(path(0)))
        folder.writeBytes([], to: path(1))
        folder.writeBytes(Array(good.utf8.dropLast(5)), to: path(2))
        folder.writeBytes(Array(good.utf8), to: path(3))  // says that it is another key's
        folder.writeBytes([UInt8](repeating: 0, count: 300), to: path(4))
        folder.write("x", to: "cache/readme")

        let cache = try await open()
        await cache.load(now: start)

        #expect(cache.count == 1)
        #expect(await cache.lookup(key: key(0), now: start) != nil)
        for number in 1...5 { #expect(!folder.exists(path(number))) }
        #expect(await cache.images.sweep() == 1000)
    }

    @Test @LoopActor func `equal keys at once leave one entry whose image is there`() async throws {
        let cache = try await open()

        let tasks = (0..<20).map { number in
            Task { @LoopActor in try await keep(cache, 1, seed: UInt8(number)) }
        }
        for task in tasks { _ = try await task.value }
        await Task.yield()

        #expect(cache.count == 1 && cache.bytes == 1000)
        #expect(await cache.lookup(key: key(1), now: start) != nil)
        #expect(await cache.images.sweep() == 1000)
    }

    @Test(arguments: [ENOSPC, EIO])
    @LoopActor func `a result that cannot be written leaves the older one`(code: Int32) async throws {
        var k = 0
        while true {
            let folder = TemporaryFolder()
            let disk = FaultyDisk()
            let state = try await StateDirectory(path: folder.path, calls: disk.calls)
            let cache = ResultCache(images: ImageFiles(state: state), sizeMax: 1 << 20)
            let old = try await keep(cache, 1, seed: 1)
            let image = try await cache.images.put([UInt8](repeating: 2, count: 1000), ext: "png")
            let record = ImageRecord(sha256: image.sha256, type: "image/png", bytes: 1000, width: nil, height: nil)
            let entry = CacheEntry(JobResult(images: [record], facts: [:]), job: "x", made: start)
            disk.arm(failing: k, code: code)

            var failure: StateError?
            do { try await cache.insert(key: key(1), entry: entry, ttl: .seconds(10)) } catch { failure = error }

            guard disk.now.hasFailed else { break }
            #expect(disk.now.syncs == [])
            #expect(folder.names(in: "jobs/tmp") == [] && disk.now.paths.isEmpty, "call \(k)")
            disk.arm(failing: nil)
            if failure != nil {
                #expect(await cache.lookup(key: key(1), now: start)?.imageNames == [old], "call \(k)")
            }
            try await cache.insert(key: key(1), entry: entry, ttl: .seconds(10))
            let isThere = folder.exists("images/\(image.name.path)")
            let found = await cache.lookup(key: key(1), now: start)
            #expect(found?.imageNames == [image.name], "call \(k) of \(code), \(isThere), \(disk.now)")
            k += 1
        }
        #expect(k >= 5)
    }
}
