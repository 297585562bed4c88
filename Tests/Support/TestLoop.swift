// The event loop of a test process: the test runner owns the main thread, so the loop has one of its own.
internal import EdgeLoop
internal import Glibc

/// Call ``start()`` in the `init` of every suite whose tests are `@LoopActor`.
public enum TestLoop {
    public static func start() { _ = started }

    private static let started: Bool = {
        // All tests share one pool, and some hold a thread of it until something else has happened.
        setenv("UV_THREADPOOL_SIZE", "16", 0)
        DescriptorLimit.raise()
        var thread: pthread_t = 0
        return pthread_create(
            &thread,
            nil,
            { _ in
                LoopActor.loop.run()
                return nil
            },
            nil
        ) == 0
    }()
}
