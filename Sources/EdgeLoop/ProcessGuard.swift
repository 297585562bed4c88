// A small process that outlives this one just long enough to kill what this one started.
internal import CUV
internal import Glibc

/// Holds the other end of a pipe: when this process is gone, however it died, the guard kills every child's process group.
@LoopActor
public final class ProcessGuard {
    /// nil until ``start()``: a program that starts no children needs none.
    public private(set) static var shared: ProcessGuard?

    public let id: Int32
    let input: Int32

    /// Forks the guard. Call it first: it inherits no descriptor but must not inherit a large memory either.
    public static func start() throws(SystemError) {
        guard shared == nil else { return }
        var input: Int32 = -1
        let id = edge_guard_start(&input)
        guard id > 0 else { throw SystemError(code: -id, doing: "starting the process guard") }
        shared = ProcessGuard(id: id, input: input)
    }

    private init(id: Int32, input: Int32) {
        self.id = id
        self.input = input
    }

    func forget(group: Int32) {
        var message = -group
        _ = write(input, &message, MemoryLayout<Int32>.size)
    }
}
