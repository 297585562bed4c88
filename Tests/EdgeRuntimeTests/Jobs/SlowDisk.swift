// Disks that take their time, and fail when they are told to.
import Glibc
import Synchronization

@testable import EdgeRuntime

/// A disk that makes no file of one job until it is told to.
final class SlowDisk: Sendable {
    /// The job's id.
    let held = Mutex<String?>(nil)

    var calls: FileCalls {
        var calls = FileCalls.system
        calls.open = { [self] path, flags, mode in
            while flags & O_CREAT != 0, held.withLock({ $0.map(path.contains) ?? false }) { sched_yield() }
            return FileCalls.system.open(path, flags, mode)
        }
        return calls
    }
}

/// A disk that is full for the next file, and says so only when it is told to.
final class SlowFullDisk: Sendable {
    enum State: Int, AtomicRepresentable { case idle, armed, holding, released }

    let state = Atomic(State.idle)

    var calls: FileCalls {
        var calls = FileCalls.system
        calls.open = { [self] path, flags, mode in
            guard flags & O_CREAT != 0,
                state.compareExchange(expected: .armed, desired: .holding, ordering: .relaxed).exchanged
            else { return FileCalls.system.open(path, flags, mode) }
            while state.load(ordering: .relaxed) != .released { sched_yield() }
            return -ENOSPC
        }
        return calls
    }
}
