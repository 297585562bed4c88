// The libuv loop as a Swift executor: jobs arrive from any thread and run on the loop's thread.
internal import CUV
internal import Glibc
internal import Synchronization

/// A libuv event loop. Unchecked, yet safe: a lock guards `remote`; everything else is touched on the loop's thread alone.
///
/// A job that the loop's own thread enqueues costs no lock and no system call: the loop drains the list right before and right
/// after it polls, so such a job never has to wake it.
///
/// Make tasks as `Task { @LoopActor in ... }`, without an executor preference: calls from the loop to the loop then never suspend.
/// What is no function of the loop, such as `await task.value` or a task group, goes by way of another thread (some 50 µs): fine at
/// a start or an end, not in the path of a request, where continuations serve.
public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    let handle = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<uv_async_t>.allocate(capacity: 1)
    private let beforePoll = UnsafeMutablePointer<uv_prepare_t>.allocate(capacity: 1)
    private let afterPoll = UnsafeMutablePointer<uv_check_t>.allocate(capacity: 1)
    /// The thread that runs the loop; 0 until then.
    private let thread = Atomic<UInt>(0)
    private var local: [UnownedJob] = []
    private var draining: [UnownedJob] = []
    private let remote = Mutex<[UnownedJob]>([])

    /// Rounds of jobs that enqueue jobs before sockets and timers get their turn.
    private static let roundsMax = 64

    init() {
        precondition(uv_loop_init(handle) == 0, "libuv could not create a loop")
        let context = Unmanaged.passUnretained(self).toOpaque()
        uv_async_init(handle, wake) { handle in
            guard let context = handle?.pointee.data else { return }
            Unmanaged<EventLoop>.fromOpaque(context).takeUnretainedValue().takeRemote()
        }
        uv_prepare_init(handle, beforePoll)
        uv_check_init(handle, afterPoll)
        wake.pointee.data = context
        beforePoll.pointee.data = context
        afterPoll.pointee.data = context
        uv_prepare_start(beforePoll) { handle in
            guard let context = handle?.pointee.data else { return }
            Unmanaged<EventLoop>.fromOpaque(context).takeUnretainedValue().drain()
        }
        uv_check_start(afterPoll) { handle in
            guard let context = handle?.pointee.data else { return }
            Unmanaged<EventLoop>.fromOpaque(context).takeUnretainedValue().drain()
        }
    }

    /// Runs forever on the calling thread. Call it once: from `main`, and in a test process from a thread that lives as long.
    public func run() {
        let (isFirst, _) = thread.compareExchange(expected: 0, desired: pthread_self(), ordering: .relaxed)
        precondition(isFirst, "the loop already runs")
        signal(SIGPIPE, SIG_IGN)
        uv_run(handle, UV_RUN_DEFAULT)
    }

    var isCurrentThread: Bool { thread.load(ordering: .relaxed) == pthread_self() }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrentThread {
            local.append(job)
        } else {
            remote.withLock { $0.append(job) }
            uv_async_send(wake)  // the one libuv call that is safe from any thread
        }
    }

    public func checkIsolated() {
        precondition(isCurrentThread, "called off the loop's thread")
    }

    private func takeRemote() {
        let jobs = remote.withLock { jobs in
            defer { jobs = [] }
            return jobs
        }
        local += jobs
    }

    private func drain() {
        var rounds = 0
        while !local.isEmpty {
            rounds += 1
            guard rounds <= Self.roundsMax else {
                uv_async_send(wake)  // the poll that follows must not block
                return
            }
            swap(&local, &draining)  // both keep their capacity: a busy loop allocates nothing here
            for job in draining {
                // Without naming the task executor: tasks have no preference for it, and the runtime would take that for a
                // difference and suspend at every call from the loop to the loop.
                job.runSynchronously(on: asUnownedSerialExecutor())
            }
            draining.removeAll(keepingCapacity: true)
        }
    }
}

func exitProcess(_ status: Int32) -> Never {
    exit(status)
}

extension EventLoop {
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
    public func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }
}
