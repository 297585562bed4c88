// Gathers log lines and writes them once in a turn of the loop. A reader that stands still costs lines, never time.
package import CivilTime
package import EdgeLoop
package import Secrets

/// Writes the log to one descriptor. Lines are gathered and written together; secrets are replaced in them. When the
/// reader is too slow, lines beyond ``pendingBytesMax`` are dropped and counted, and a line says so once it goes on.
@LoopActor
package final class LogWriter {
    /// Gathered lines of this size are written at once and not at the end of the turn.
    package nonisolated static let batchBytesMax = 64 * 1024
    /// What waits for a slow reader at most.
    package nonisolated static let pendingBytesMax = 256 * 1024
    /// How long after a full pipe the next try is.
    private static let retryPause = Duration.milliseconds(50)
    /// How long the last lines may take when the process ends, in milliseconds.
    private static let finishMilliseconds: Int32 = 250

    /// Lines that were lost since the start.
    package private(set) var droppedLines = 0
    /// What is replaced in every line; set it when the secrets change.
    package var redactor: Redactor {
        get { text.redactor }
        set { text.redactor = newValue }
    }

    private let descriptor: LogDescriptor
    private let now: () -> Timestamp
    private var text: LogText
    private var isFlushPlanned = false
    private var retry: LoopTimer?
    private var unreportedDrops = 0

    /// - Parameters:
    ///   - descriptor: stays open and keeps its flags; usually 1 or 2.
    ///   - now: the wall clock.
    package init(
        descriptor: Int32,
        form: LogForm,
        redactor: Redactor = .none,
        now: @escaping () -> Timestamp = Timestamp.now
    ) {
        self.descriptor = LogDescriptor(descriptor)
        self.now = now
        text = LogText(form: form, redactor: redactor)
    }

    /// Adds a line. It is written before the loop waits again.
    package func write(_ record: some LogRecord) {
        guard text.bytes.count < Self.pendingBytesMax else { return drop(1) }
        text.begin(at: now())
        record.append(to: &text)
        if retry != nil { return }  // the reader is slow: wait for the next try
        if text.bytes.count >= Self.batchBytesMax { return flush() }
        guard !isFlushPlanned else { return }
        isFlushPlanned = true
        Task { @LoopActor in
            isFlushPlanned = false
            flush()
        }
    }

    /// Adds a line of the host itself.
    package func write(_ level: LogLevel, _ message: String, function: String? = nil, requestID: String? = nil) {
        write(LogMessage(level, message, function: function, requestID: requestID))
    }

    /// Writes what has been gathered, as far as it goes without waiting.
    package func flush() {
        retry?.cancel()
        retry = nil
        guard !text.bytes.isEmpty else { return }
        if writePending(), text.bytes.isEmpty, unreportedDrops > 0 {
            let lines = unreportedDrops
            unreportedDrops = 0
            let report = "\(lines) log lines were dropped: who reads the log was too slow or gone"
            text.begin(at: now())
            LogMessage(.warning, report).append(to: &text)
            writePending()
        }
        guard !text.bytes.isEmpty else { return }
        retry = LoopTimer(after: Self.retryPause) { [weak self] in self?.flush() }
    }

    /// Writes the last lines, waiting a moment for a slow reader. For the end of the process only.
    package func finish() {
        flush()
        if !text.bytes.isEmpty, descriptor.waitUntilReady(milliseconds: Self.finishMilliseconds) { flush() }
        retry?.cancel()
        retry = nil
    }

    /// False when the descriptor fails: nobody reads any more, or the disk is full. Then these lines are lost, and later
    /// ones are tried again.
    @discardableResult
    private func writePending() -> Bool {
        var written = 0
        defer { text.removeFirst(written) }
        while written < text.bytes.count {
            let result = text.bytes.withUnsafeBytes {
                descriptor.write(UnsafeRawBufferPointer(rebasing: $0[written...]))
            }
            switch result {
            case .bytes(let count):
                written += count
            case .wouldBlock:
                return true
            case .failed:
                drop(text.bytes[written...].count { $0 == 0x0A })
                written = text.bytes.count
                return false
            }
        }
        return true
    }

    private func drop(_ lines: Int) {
        droppedLines += lines
        unreportedDrops += lines
    }
}
