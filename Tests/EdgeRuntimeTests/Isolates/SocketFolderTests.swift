import EdgeLoop
import Glibc
import TestSupport
import Testing

@testable import EdgeRuntime

struct SocketFolderTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `paths are unique and lie in the run folder, which is made if it is missing`() throws {
        let folder = TemporaryFolder()

        let sockets = try SocketFolder(runDirectory: folder.path + "/run")
        let first = sockets.newPaths()
        let second = sockets.newPaths()

        #expect(sockets.path == folder.path + "/run")
        #expect(Set([first.socket, first.control, second.socket, second.control]).count == 4)
        #expect(access(sockets.path, F_OK) == 0)
    }

    @Test @LoopActor func `a run folder that is too long for a socket's address is replaced by a private one`() throws {
        let long = "/tmp/" + String(repeating: "x", count: 100)

        let sockets = try SocketFolder(runDirectory: long)
        let listener = try Listener(.unix(path: sockets.newPaths().socket))
        var info = stat()
        #expect(stat(sockets.path, &info) == 0)
        listener.close()
        sockets.remove()

        #expect(info.st_mode & 0o777 == 0o700)
        #expect(access(sockets.path, F_OK) != 0)
        #expect(access(long, F_OK) != 0)
    }

    @Test(
        "Ports are chosen outside the range of outgoing connections",
        arguments: [
            (32_768...60_999, 10_000...32_767), (10_500...50_000, 50_001...65_535), (1024...65_535, 10_000...65_535),
        ] as [(ClosedRange<UInt16>, ClosedRange<UInt16>)]
    )
    func choosesPorts(outgoing: ClosedRange<UInt16>, chosen: ClosedRange<UInt16>) {
        #expect(LoopbackPort.candidates(outgoing: outgoing) == chosen)
    }
}
