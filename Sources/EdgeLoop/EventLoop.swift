// The libuv loop as a Swift executor: jobs arrive from any thread and run on the loop's thread.
internal import CUV
internal import Glibc
internal import Synchronization

/// A libuv event loop. Unchecked, yet safe: a lock guards `remote`; everything else is touched on the loop's thread alone.
///
/// A job that the loop's own thread enqueues costs no lock and no system call: the loop drains the list right before and right
/// after it polls, so such a job never has to wake it.
///
/// Tasks are made in two ways. In `Task { @LoopActor in ... }` a continuation resumes by way of another thread, the runtime's default
/// executor. What a request waits for runs in `Task(executorPreference: LoopActor.tasks) { ... }` (the closure calls one function of
/// the loop): it resumes here at once (measured, a call to a function: 20 µs instead of 80). In both a call from the loop to the loop
/// does not suspend, for each job is run as what it came as: a different task executor would be another executor to the runtime.
public final class EventLoop: SerialExecutor, @unchecked Sendable {
    private struct Entry {
        let job: UnownedJob
        /// Whether it came by ``LoopTasks``: its task prefers the loop.
        let isPreferring: Bool
    }

    let handle = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<uv_async_t>.allocate(capacity: 1)
    private let beforePoll = UnsafeMutablePointer<uv_prepare_t>.allocate(capacity: 1)
    private let afterPoll = UnsafeMutablePointer<uv_check_t>.allocate(capacity: 1)
    /// The thread that runs the loop; 0 until then.
    private let thread = Atomic<UInt>(0)
    private var local: [Entry] = []
    private var draining: [Entry] = []
    private let remote = Mutex<[Entry]>([])
    let tasks = LoopTasks()

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

    public func enqueue(_ job: consuming ExecutorJob) { enqueue(Entry(job: UnownedJob(job), isPreferring: false)) }

    func enqueuePreferring(_ job: consuming ExecutorJob) { enqueue(Entry(job: UnownedJob(job), isPreferring: true)) }

    private func enqueue(_ entry: Entry) {
        if isCurrentThread {
            local.append(entry)
        } else {
            remote.withLock { $0.append(entry) }
            uv_async_send(wake)  // the one libuv call that is safe from any thread
        }
    }

    public func checkIsolated() {
        precondition(isCurrentThread, "called off the loop's thread")
    }

    /// Without it, what is released in a callback of libuv would wait for a job of its own before its `isolated deinit` runs.
    public func isIsolatingCurrentContext() -> Bool? { isCurrentThread }

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
            for entry in draining {
                if entry.isPreferring {
                    entry.job.runSynchronously(
                        isolatedTo: asUnownedSerialExecutor(),
                        taskExecutor: tasks.asUnownedTaskExecutor()
                    )
                } else {
                    entry.job.runSynchronously(on: asUnownedSerialExecutor())
                }
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
}

/// The same loop as a task executor.
public final class LoopTasks: TaskExecutor {
    public func enqueue(_ job: consuming ExecutorJob) { LoopActor.loop.enqueuePreferring(job) }
    public func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }
}
