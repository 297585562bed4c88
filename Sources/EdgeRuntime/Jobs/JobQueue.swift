// One function's work in its order, held to the function's concurrency.
internal import CivilTime
internal import EdgeLoop

/// Starts generations of one function: at most `concurrency` at once, waiting ones when they are due.
@LoopActor
final class JobQueue {
    var settings: JobSettings
    private var schedule = Schedule<String>()
    private var generations: [String: Generation] = [:]
    private var running = 0
    private var timer: LoopTimer?
    private let start: @LoopActor (Generation) -> Void
    private var isStopped = false

    /// libuv's timer takes any time, but the wall clock may jump: due times are looked at again at least this often.
    private static let lookAgain = Duration.seconds(30)

    init(settings: JobSettings, start: @escaping @LoopActor (Generation) -> Void) {
        self.settings = settings
        self.start = start
    }

    var runningCount: Int { running }
    var readyCount: Int { schedule.readyCount }
    var count: Int { schedule.count + running }
    /// Whether a new generation would run at once.
    var hasFreeSlot: Bool { !isStopped && running < settings.concurrency && schedule.readyCount == 0 }

    /// Takes a slot for a generation that its caller starts by itself.
    func takeSlot() { running += 1 }

    func add(_ generation: Generation) {
        generations[generation.id] = generation
        schedule.add(generation.id)
        pump()
    }

    func wait(_ generation: Generation, until due: Timestamp) {
        generations[generation.id] = generation
        schedule.wait(generation.id, until: due)
        armTimer()
    }

    func remove(_ generation: Generation) {
        schedule.remove(generation.id)
        generations[generation.id] = nil
    }

    /// Gives a slot back.
    func ended() {
        running -= 1
        pump()
    }

    func position(of generation: Generation) -> Int? { schedule.position(of: generation.id) }

    /// Starts nothing more.
    func stop() {
        isStopped = true
        timer?.cancel()
        timer = nil
    }

    func pump() {
        guard !isStopped else { return }
        while running < settings.concurrency, let id = schedule.next(now: .now()) {
            guard let generation = generations.removeValue(forKey: id) else { continue }
            running += 1
            start(generation)
        }
        armTimer()
    }

    private func armTimer() {
        timer?.cancel()
        timer = nil
        // With every slot taken, `ended()` looks again.
        guard !isStopped, running < settings.concurrency, let due = schedule.nextDue() else { return }
        timer = LoopTimer(after: min(max(due - .now(), .zero), Self.lookAgain)) { [unowned self] in pump() }
    }
}
