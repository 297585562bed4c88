// The actor that owns all of a process's state, and the ways into it from outside.

/// Isolates everything that touches libuv or curl handles, and all state of a process, to the loop's thread.
@globalActor
public actor LoopActor {
    public static let shared = LoopActor()
    /// The process's one loop.
    public static let loop = EventLoop()
    /// For `Task(executorPreference:)`: a task that stays on the loop's thread whatever it waits for.
    public static var tasks: LoopTasks { loop.tasks }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { Self.loop.asUnownedSerialExecutor() }

    /// Runs `body` at once, for callbacks that libuv or curl make on the loop's thread. Stops the process on another thread.
    public static nonisolated func assumeIsolated<Output>(_ body: @LoopActor () throws -> Output) rethrows -> Output {
        precondition(loop.isCurrentThread, "called off the loop's thread")
        // The type differs in its isolation alone, which the line above has just checked (as MainActor.assumeIsolated does).
        return try withoutActuallyEscaping(body) { body in
            try unsafeBitCast(body, to: (() throws -> Output).self)()
        }
    }

    /// Runs `body` as the process's main task: call it once, from a synchronous `main`. Exits with the status that `body` returns.
    public static nonisolated func main(_ body: @escaping @LoopActor @Sendable () async -> Int32) -> Never {
        let loop = Self.loop
        Task(executorPreference: tasks) {
            exitProcess(await body())
        }
        loop.run()
        preconditionFailure("the loop ended although its handles keep it alive")
    }
}
