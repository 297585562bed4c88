import EdgeLoop
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import EdgeRuntime

struct StateDirectoryTests {
    init() { TestLoop.start() }

    let folder = TemporaryFolder()

    @Test @LoopActor func `the whole layout is made, for this user alone`() async throws {
        let state = try await StateDirectory(path: "\(folder.path)/a/b/.edge")

        for name in ["jobs/tmp", "jobs/active", "jobs/done", "jobs/dead", "jobs/inbox", "images", "cache", "run"] {
            var status = stat()
            #expect(lstat("\(state.path)/\(name)", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o700, "\(name)")
        }
        #expect(state.path.hasPrefix("/"))
    }

    @Test @LoopActor func `a second host is refused while the first one lives, and told its process`() async throws {
        var first: StateDirectory? = try await StateDirectory(path: folder.path)
        let path = try #require(first?.path)

        await #expect(throws: StateError.owned(path: path, pid: getpid())) {
            _ = try await StateDirectory(path: folder.path)
        }

        first = nil
        _ = try await StateDirectory(path: folder.path)
    }

    @Test @LoopActor func `what an earlier host left in tmp is removed`() async throws {
        _ = try await StateDirectory(path: folder.path)
        folder.write("half", to: "jobs/tmp/x.1")

        let state = try await StateDirectory(path: folder.path)

        #expect(folder.names(in: "jobs/tmp") == [])
        _ = state
    }

    @Test @LoopActor func `folders on different file systems are refused`() async throws {
        var calls = FileCalls.system
        calls.status = { path, status in
            let code = FileCalls.system.status(path, &status)
            if path.hasSuffix("/images") { status.device += 1 }
            return code
        }

        let error = await #expect(throws: StateError.self) {
            _ = try await StateDirectory(path: folder.path, calls: calls)
        }

        guard case .severalFileSystems(let path, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(path.hasSuffix("/images"))
    }

    @Test @LoopActor func `a full disk is refused in one line that names the need`() async throws {
        var calls = FileCalls.system
        calls.space = { _, space in
            space = DiskSpace(bytes: 4096, files: 900)
            return 0
        }

        let error = await #expect(throws: StateError.self) {
            _ = try await StateDirectory(path: folder.path, calls: calls)
        }

        #expect(error?.isDiskFull == true)
        #expect(error?.description.contains("4 KiB and 900 inodes are free, at least 1024 KiB") == true)
        #expect(error?.description.contains("\n") == false)
    }

    @Test @LoopActor func `a directory that cannot be written is refused with what to do`() async throws {
        var calls = FileCalls.system
        calls.open = { path, flags, mode in
            flags & O_CREAT != 0 ? -EROFS : FileCalls.system.open(path, flags, mode)
        }

        let error = await #expect(throws: StateError.self) {
            _ = try await StateDirectory(path: folder.path, calls: calls)
        }

        #expect(error?.description.contains("Read-only file system: choose a directory on a writable disk") == true)
    }

    @Test @LoopActor func `room is asked for at most once a second`() async throws {
        let asked = Mutex(0)
        let free = Mutex(DiskSpace(bytes: 1 << 30, files: 5000))
        var calls = FileCalls.system
        calls.space = { _, space in
            asked.withLock { $0 += 1 }
            space = free.withLock { $0 }
            return 0
        }
        let state = try await StateDirectory(path: folder.path, calls: calls)
        let start = ContinuousClock.now
        asked.withLock { $0 = 0 }

        #expect(state.hasRoom(at: start))
        free.withLock { $0.files = 1000 }
        #expect(state.hasRoom(at: start + .milliseconds(999)))
        #expect(asked.withLock { $0 } == 1)
        #expect(!state.hasRoom(at: start + .seconds(1)))
        free.withLock { $0 = DiskSpace(bytes: 64 << 20, files: nil) }
        #expect(!state.hasRoom(at: start + .seconds(2)))
        free.withLock { $0.bytes += 1 }
        #expect(state.hasRoom(at: start + .seconds(3)))
    }

    @Test @LoopActor func `at every failing call the start fails with a path, and the next start works`() async throws {
        for code in [ENOSPC, EIO] {
            var k = 0
            while true {
                let disk = FaultyDisk()
                disk.arm(failing: k, code: code)
                let folder = TemporaryFolder()
                do {
                    _ = try await StateDirectory(path: "\(folder.path)/state", calls: disk.calls)
                } catch {
                    #expect(error.description.contains(folder.path))
                }
                #expect(disk.now.brokenRules == [])
                guard disk.now.hasFailed else { break }
                _ = try await StateDirectory(path: "\(folder.path)/state")
                k += 1
            }
            #expect(k > 20)
        }
    }

    @Test func `the kernel's list of mounts says what is thrown away and what is a network's`() {
        let mounts = """
            22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
            23 22 0:21 / /dev/shm rw,nosuid - tmpfs tmpfs rw
            24 22 0:44 / /mnt rw - nfs4 server:/data rw
            25 22 0:45 / /box rw shared:7 master:2 - overlay overlay rw,lowerdir=/l
            26 22 0:46 / /s3 rw - fuse.s3fs s3fs rw
            """

        #expect(FileSystemKind(device: 254 << 8, mounts: mounts) == .disk)
        #expect(FileSystemKind(device: 21, mounts: mounts) == .memory(name: "tmpfs"))
        #expect(FileSystemKind(device: 44, mounts: mounts) == .network(name: "nfs4"))
        #expect(FileSystemKind(device: 45, mounts: mounts) == .throwAway(name: "overlay"))
        #expect(FileSystemKind(device: 46, mounts: mounts) == .network(name: "fuse.s3fs"))
        #expect(FileSystemKind(device: 99, mounts: mounts) == .disk)
    }
}
