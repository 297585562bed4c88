import EdgeLoop
import Glibc
import TestSupport
import Testing

struct DescriptorWatcherTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `readable and writable are told while they are wanted, and the descriptor stays open`()
        async throws
    {
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        let told = AsyncStream<SocketInterest>.makeStream()
        var events = told.stream.makeAsyncIterator()
        var watcher: DescriptorWatcher?
        watcher = try DescriptorWatcher(ends[0]) { ready in
            watcher?.interest = []
            told.continuation.yield(ready)
        }

        watcher?.interest = .write
        #expect(await events.next() == .write)

        watcher?.interest = .read
        write(ends[1], "x", 1)
        #expect(await events.next() == .read)

        watcher?.cancel()
        #expect(fcntl(ends[0], F_GETFD) >= 0)
        let second = try DescriptorWatcher(ends[0]) { told.continuation.yield($0) }
        second.interest = .read
        #expect(await events.next() == .read)
        second.cancel()
    }

    @Test @LoopActor func `a connection that is refused is ready for both`() async throws {
        let held = try HeldPort()
        let port = held.number
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        defer { close(descriptor) }
        let told = AsyncStream<SocketInterest>.makeStream()
        let watcher = try DescriptorWatcher(descriptor) { told.continuation.yield($0) }
        defer { watcher.cancel() }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                _ = connect(descriptor, raw, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }

        watcher.interest = .write

        var events = told.stream.makeAsyncIterator()
        let ready = try #require(await events.next())
        #expect(ready.contains(.write))
    }

    @Test @LoopActor func `a plain file cannot be watched`() {
        let file = open("/proc/self/exe", O_RDONLY)
        defer { close(file) }

        #expect(throws: SystemError(code: EPERM, doing: "watching descriptor \(file)")) {
            _ = try DescriptorWatcher(file) { _ in }
        }
    }
}
