import Digest
import EdgeLoop
import Glibc
import TestSupport
import Testing

@testable import EdgeRuntime

struct ImageFilesTests {
    init() { TestLoop.start() }

    let folder = TemporaryFolder()

    @LoopActor private func open(_ calls: FileCalls = .system) async throws -> ImageFiles {
        ImageFiles(state: try await StateDirectory(path: folder.path, calls: calls))
    }

    private func bytes(_ count: Int, seed: UInt8 = 7) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ Int(seed)) }
    }

    private func content(_ handle: ImageHandle) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: handle.bytes)
        #expect(pread(handle.descriptor, &buffer, buffer.count, 0) == buffer.count)
        return buffer
    }

    /// Lets removals that were begun come to their end: they are ahead in the queue of the loop and in the image's turn.
    @LoopActor private func settle(_ images: ImageFiles, _ name: ImageName) async {
        await Task.yield()
        await images.gate.enter(name.key)
        images.gate.leave(name.key)
    }

    @Test @LoopActor func `an image is stored by the hash of its bytes, and served from there`() async throws {
        let images = try await open()

        let image = try await images.put(bytes(1000), ext: "png")
        let handle = try #require(try await images.open(image.name))

        let sha = SHA256.hex(of: bytes(1000))
        #expect(image.sha256 == sha && image.bytes == 1000)
        #expect(folder.exists("images/\(sha.prefix(2))/\(sha.dropFirst(2)).png"))
        #expect(content(handle) == bytes(1000))
        #expect(images.openedHandle(image.name) === handle)
        #expect(folder.names(in: "jobs/tmp") == [])
    }

    @Test @LoopActor func `an equal image is not written again`() async throws {
        let disk = FaultyDisk()
        let images = try await open(disk.calls)
        let first = try await images.put(bytes(1000), ext: "png")
        disk.arm(failing: nil)

        let second = try await images.put(bytes(1000), ext: "png")

        #expect(second.name == first.name)
        #expect(disk.now.created == 0 && disk.now.syncs == [])
    }

    @Test @LoopActor func `equal images at once are one file`() async throws {
        let images = try await open()

        let tasks = (0..<20).map { _ in Task { @LoopActor in try await images.put(bytes(5000), ext: "png") } }
        var stored: [StoredImage] = []
        for task in tasks { stored.append(try await task.value) }

        #expect(Set(stored.map(\.name)).count == 1)
        #expect(folder.names(in: "jobs/tmp") == [])
        #expect(try await images.open(stored[0].name) != nil)
    }

    @Test(arguments: ["", "PNG", "../x", "a.b", "waytoolong"]) @LoopActor func `an extension is a short plain word`(
        ext: String
    ) async throws {
        let images = try await open()

        await #expect(throws: StateError.badName(what: "file extension", name: ext)) {
            _ = try await images.put([1, 2, 3], ext: ext)
        }

        #expect(folder.names(in: "jobs/tmp") == [])
    }

    @Test(arguments: ["cut", "changed", "longer", "zeroed"])
    @LoopActor func `a damaged image is never served, is told, and can be made again`(damage: String) async throws {
        let sound = bytes(70_000)
        let name = try await {
            let images = try await open()
            let image = try await images.put(sound, ext: "png")
            images.retain(image.name, by: "job")
            return image.name
        }()
        var damaged = sound
        switch damage {
        case "cut": damaged.removeLast()
        case "longer": damaged.append(0)
        case "zeroed": damaged = []
        default: damaged[69_000] ^= 1
        }
        folder.writeBytes(damaged, to: "images/\(name.path)")

        let images = try await open()
        var lost: [(ImageName, String)] = []
        images.onLoss = { lost.append(($0, $1)) }

        #expect(try await images.open(name) == nil)
        #expect(lost.map(\.0) == [name])
        #expect(lost.first?.1.contains("removed") == true)
        #expect(!folder.exists("images/\(name.path)"))
        let again = try await images.put(sound, ext: "png")
        let handle = try #require(try await images.open(again.name))
        #expect(content(handle) == sound)
    }

    @Test @LoopActor func `an image that is written over while it is open is noticed`() async throws {
        let images = try await open()
        let image = try await images.put(bytes(1000), ext: "png")
        _ = try await images.open(image.name)

        #expect(truncate(image.path, 500) == 0)

        #expect(images.openedHandle(image.name) == nil)
        #expect(try await images.open(image.name) == nil)
    }

    @Test @LoopActor func `a missing image is told as missing`() async throws {
        let images = try await open()
        let name = try #require(ImageName(sha256: SHA256.hex(of: "x"), ext: "png"))
        var reasons: [String] = []
        images.onLoss = { reasons.append($1) }

        #expect(try await images.open(name) == nil)

        #expect(reasons == ["the file is missing"])
    }

    @Test @LoopActor func `putting an image repairs a damaged file of its name`() async throws {
        let images = try await open()
        let image = try await images.put(bytes(1000), ext: "png")
        folder.writeBytes(bytes(1000, seed: 8), to: "images/\(image.name.path)")

        let again = try await images.put(bytes(1000), ext: "png")

        let handle = try #require(try await images.open(again.name))
        #expect(content(handle) == bytes(1000))
    }

    @Test @LoopActor func `being out of descriptors is an error and harms no image`() async throws {
        let disk = FaultyDisk()
        let images = try await open(disk.calls)
        let image = try await images.put(bytes(1000), ext: "png")
        disk.arm(failing: 0, code: EMFILE)

        await #expect(throws: StateError.self) { _ = try await images.open(image.name) }

        #expect(try await images.open(image.name) != nil)
    }

    @Test @LoopActor func `an image stays while a job or a lease holds it, and goes with the last`() async throws {
        let images = try await open()
        var image: StoredImage? = try await images.put(bytes(1000), ext: "png")
        let name = try #require(image?.name)
        images.retain(name, by: "job 1")
        images.retain(name, by: "job 1")
        images.retain(name, by: "job 2")

        images.release(name, by: "job 1")
        images.release(name, by: "job 1")
        images.release(name, by: "job 2")
        await settle(images, name)
        #expect(folder.exists("images/\(name.path)"))

        image = nil
        await settle(images, name)
        #expect(!folder.exists("images/\(name.path)"))
    }

    @Test @LoopActor func `an answer under way is not harmed when its image goes`() async throws {
        let images = try await open()
        var image: StoredImage? = try await images.put(bytes(1000), ext: "png")
        let name = try #require(image?.name)
        let handle = try #require(try await images.open(name))

        image = nil
        await settle(images, name)

        #expect(!folder.exists("images/\(name.path)"))
        #expect(content(handle) == bytes(1000))
        #expect(images.openedHandle(name) == nil)
    }

    @Test @LoopActor func `an image that is put while its old file is being removed is there afterwards`() async throws
    {
        let images = try await open()
        for _ in 0..<20 {
            var old: StoredImage? = try await images.put(bytes(1000), ext: "png")
            let put = Task { @LoopActor in try await images.put(bytes(1000), ext: "png") }
            await Task.yield()
            old = nil
            let image = try await put.value
            _ = old

            #expect(try await images.open(image.name) != nil)
        }
    }

    @Test @LoopActor func `a swept directory holds what is referred to and nothing else`() async throws {
        let kept: ImageName
        let left: ImageName
        do {
            let images = try await open()
            let first = try await images.put(bytes(1000), ext: "png")
            let second = try await images.put(bytes(2000), ext: "jpg")
            (kept, left) = (first.name, second.name)
            images.retain(kept, by: "job")
            images.retain(left, by: "job")
        }
        let images = try await open()
        images.retain(kept, by: "job")

        #expect(await images.sweep() == 1000)

        #expect(folder.exists("images/\(kept.path)"))
        #expect(!folder.exists("images/\(left.path)"))
    }

    @Test @LoopActor func `an image in pieces is the same image`() async throws {
        let images = try await open()
        let whole = bytes(300_000)
        let writer = images.begin()

        for start in stride(from: 0, to: whole.count, by: 65_536) {
            try await writer.append(Array(whole[start..<min(start + 65_536, whole.count)]))
        }
        let image = try await writer.finish(ext: "png")

        #expect(image.sha256 == SHA256.hex(of: whole) && image.bytes == whole.count)
        let handle = try #require(try await images.open(image.name))
        #expect(content(handle) == whole)
        #expect(folder.names(in: "jobs/tmp") == [])
    }

    @Test @LoopActor func `a whole image can be read before it is durable, and is found by its name only then`()
        async throws
    {
        let images = try await open()
        let writer = images.begin()
        try await writer.append(bytes(10))

        let whole = try await writer.seal(ext: "png")
        let opening = Task { @LoopActor in try await images.open(whole.name) }
        await Task.yield()

        #expect(content(whole) == bytes(10))
        #expect(!folder.exists("images/\(whole.name.path)"))
        let image = try await writer.finish(ext: "png")
        #expect(folder.exists("images/\(image.name.path)"))
        #expect(try await opening.value === whole)
        #expect(image.sha256 == SHA256.hex(of: bytes(10)))
    }

    @Test @LoopActor func `an image that is held has its name before its file, and whoever opens it waits`()
        async throws
    {
        let images = try await open()
        let writer = images.begin()

        let name = try await writer.hold(bytes(10), ext: "png")
        let opening = Task { @LoopActor in try await images.open(name) }
        await Task.yield()

        #expect(folder.names(in: "jobs/tmp") == [])
        let image = try await writer.finish(ext: "png")
        #expect(image.name == name && image.bytes == 10)
        #expect(content(try #require(try await opening.value)) == bytes(10))
    }

    @Test @LoopActor func `an image that is held and given up leaves nothing and holds up nobody`() async throws {
        let images = try await open()
        var writer: ImageWriter? = images.begin()
        let name = try #require(try await writer?.hold(bytes(10), ext: "png"))

        writer = nil

        #expect(try await images.open(name) == nil)
        #expect(folder.names(in: "jobs/tmp") == [])
    }

    @Test @LoopActor func `a whole image that is given up leaves nothing and holds up nobody`() async throws {
        let images = try await open()
        var writer: ImageWriter? = images.begin()
        try await writer?.append(bytes(10))
        let name = try #require(try await writer?.seal(ext: "png")).name

        writer = nil

        #expect(try await images.open(name) == nil)
        #expect(folder.names(in: "jobs/tmp") == [])
    }

    @Test @LoopActor func `an image in pieces that is given up leaves nothing`() async throws {
        let images = try await open()
        var writer: ImageWriter? = images.begin()
        try await writer?.append(bytes(10))
        #expect(folder.names(in: "jobs/tmp").count == 1)

        writer = nil
        await Task.yield()

        #expect(folder.names(in: "jobs/tmp") == [])
    }

    @Test @LoopActor func `an image in pieces has a largest size`() async throws {
        let images = try await open()
        let writer = images.begin(bytesMax: 100)
        try await writer.append(bytes(60))

        let error = StateError.tooLarge(what: "image", bytes: 120, allowed: 100)
        await #expect(throws: error) { try await writer.append(bytes(60)) }
        await #expect(throws: error) { _ = try await writer.finish(ext: "png") }

        #expect(folder.names(in: "jobs/tmp") == [])
    }

    /// How an image reaches its file.
    enum Way: CaseIterable {
        case atOnce
        case inPieces
        case held
    }

    @Test(arguments: [ENOSPC, EIO], Way.allCases)
    @LoopActor func `at every failing call nothing stays, and a later image works`(
        code: Int32,
        way: Way
    ) async throws {
        var k = 0
        while true {
            let folder = TemporaryFolder()
            let disk = FaultyDisk()
            let images = ImageFiles(state: try await StateDirectory(path: folder.path, calls: disk.calls))
            let store = {
                let writer = images.begin()
                switch way {
                case .atOnce: return try await images.put(bytes(1000), ext: "png")
                case .held: _ = try await writer.hold(bytes(1000), ext: "png")
                case .inPieces:
                    try await writer.append(bytes(500))
                    try await writer.append(Array(bytes(1000)[500...]))
                }
                return try await writer.finish(ext: "png")
            }
            disk.arm(failing: k, code: code)

            var failure: StateError?
            do { _ = try await store() } catch { failure = try #require(error as? StateError) }

            guard disk.now.hasFailed else { break }
            // What a writer has stored stays open for the next answer.
            #expect(disk.now.paths.count == (failure == nil && way != .atOnce ? 1 : 0), "call \(k)")
            #expect(disk.now.brokenRules == [], "call \(k)")
            #expect(folder.names(in: "jobs/tmp") == [], "call \(k)")
            if let failure {
                #expect(failure.description.contains(folder.path))
                #expect(folder.names(in: "images").allSatisfy { folder.names(in: "images/\($0)") == [] }, "call \(k)")
            }
            disk.arm(failing: nil)
            let image = try await store()
            #expect(try await images.open(image.name) != nil)
            k += 1
        }
        #expect(k >= 11)
    }

    @Test func `only legal names become paths`() {
        let sha = SHA256.hex(of: "x")

        #expect(ImageName(fileName: "\(sha).png")?.fileName == "\(sha).png")
        for name in [
            "", sha, "\(sha).", "\(sha).png/..", "../\(sha).png", "\(sha.uppercased()).png", "\(sha).p.g", ".png",
        ] {
            #expect(ImageName(fileName: name) == nil, "\(name)")
        }
    }
}
