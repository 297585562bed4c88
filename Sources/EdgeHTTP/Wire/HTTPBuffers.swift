// What all connections of the loop share: one receive buffer, one place to build heads in, one Date.
internal import CivilTime
internal import EdgeLoop
internal import Glibc

/// Shared because the loop works on one connection at a time; so an idle connection holds no buffer.
@LoopActor
enum HTTPBuffers {
    /// The largest head and a small body in one read. Untouched pages of it cost no memory.
    static let receiveBytes = 131_072
    static let receive = UnsafeMutableRawBufferPointer.allocate(byteCount: receiveBytes, alignment: 16)

    /// Storage for the answers to pipelined requests.
    static var batch: [UInt8] = []
    private static var scratch: [UInt8] = []

    /// Lends an empty array that keeps its storage, to build a head or a chunk in.
    static func withScratch(_ body: (inout [UInt8]) -> Void) {
        var bytes: [UInt8] = []
        swap(&bytes, &scratch)
        body(&bytes)
        bytes.removeAll(keepingCapacity: true)
        swap(&bytes, &scratch)
    }

    private static var dateSecond: time_t = -1
    private static var dateBytes: [UInt8] = []

    /// The value of a Date field now: 29 bytes.
    static var date: [UInt8] {
        let second = time(nil)
        if second != dateSecond {
            dateSecond = second
            dateBytes = Array(Timestamp(milliseconds: Int64(second) * 1000).httpDate.utf8)
        }
        return dateBytes
    }

    /// Milliseconds of the clock that deadlines are compared with.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
