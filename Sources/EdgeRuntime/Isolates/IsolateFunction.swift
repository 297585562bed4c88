// What the host must know of a function to run its process.

/// A function's program and limits, as the manifest gives them. Equal values need no new process.
struct IsolateFunction: Equatable, Sendable {
    enum Listen: Equatable, Sendable { case socket, port }

    /// The name in the manifest.
    var name: String
    /// Absolute path.
    var program: String
    /// Without the program itself.
    var arguments: [String] = []
    /// The manifest's folder, absolute: the working folder.
    var folder: String
    var listen = Listen.socket
    var startTimeout = Duration.seconds(10)
    /// Stopped after this long without a call, unless it is ``warm``.
    var idle = Duration.seconds(300)
    /// Started with the host, and started again when it has ended.
    var warm = false
    /// Calls at once in one process, 1 or more.
    var concurrency = 32
    /// Calls that wait for a place beyond those.
    var queue = 256
    /// Resident bytes above which the process is replaced.
    var memoryBytes = 256 << 20
    var openFiles = 256
    /// Absolute path of its own settings; nil: none.
    var settings: String?

    init(name: String, program: String, folder: String) {
        self.name = name
        self.program = program
        self.folder = folder
    }

    /// RLIMIT_DATA for ``memoryBytes``: four times as much, at least 1 GiB. The kernel counts there what is reserved and not
    /// only what is used: 8 MiB for each thread's stack, malloc's arenas, the heaps of runtimes. So this limit only stops a
    /// process that grows faster than its resident size is sampled.
    var dataBytesMax: Int {
        max(memoryBytes.multipliedReportingOverflow(by: 4).overflow ? .max : memoryBytes * 4, 1 << 30)
    }

    /// Whether a process that was started for `other` may go on for this one: only what the host itself decides by differs.
    func canUseProcess(of other: IsolateFunction) -> Bool {
        name == other.name && program == other.program && arguments == other.arguments && folder == other.folder
            && settings == other.settings && listen == other.listen && memoryBytes == other.memoryBytes
            && openFiles == other.openFiles
    }
}
