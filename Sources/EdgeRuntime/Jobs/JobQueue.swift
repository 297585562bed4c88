// One function's work in its order, held to the function's concurrency and to what its lanes allow.
internal import CivilTime
internal import EdgeLoop

/// Starts generations of one function: at most `concurrency` at once, waiting ones when they are due, and those that a lane
/// holds back in the order in which they came to it.
@LoopActor
final class JobQueue {
    var settings: JobSettings
    private var schedule = Schedule<String>()
    private var lines: [String: LaneLine] = [:]
    private var generations: [String: Generation] = [:]
    private var running = 0
    private var timer: LoopTimer?
    private let gate: @LoopActor (Generation, (String) -> Int) -> LaneBlock?
    private let start: @LoopActor (Generation) -> Void
    private var isStopped = false

    /// libuv's timer takes any time, but the wall clock may jump: due times are looked at again at least this often.
    private static let lookAgain = Duration.seconds(30)

    /// - Parameters:
    ///   - gate: what holds a generation back, told how many wait in a line already; nil: it starts.
    ///   - start: begins one that has a slot and a lane.
    init(
        settings: JobSettings,
        gate: @escaping @LoopActor (Generation, (String) -> Int) -> LaneBlock? = { _, _ in nil },
        start: @escaping @LoopActor (Generation) -> Void
    ) {
        self.settings = settings
        self.gate = gate
        self.start = start
    }

    var runningCount: Int { running }
    var readyCount: Int { schedule.readyCount + lines.values.reduce(0) { $0 + $1.count } }

    /// Takes a slot and a lane for a generation that its caller starts by itself; false: it has to be added.
    func takeSlot(for generation: Generation) -> Bool {
        guard !isStopped, running < settings.concurrency, schedule.readyCount == 0,
            gate(generation, { lines[$0]?.count ?? 0 }) == nil
        else { return false }
        running += 1
        return true
    }

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
        for name in lines.keys { lines[name]?.remove(generation.id) }
        generations[generation.id] = nil
    }

    /// Gives a slot back.
    func ended() {
        running -= 1
        pump()
    }

    /// Whoever is first in this line may find its lane free now.
    func freed(_ line: String) {
        guard lines[line] != nil else { return }
        lines[line]?.until = Timestamp(milliseconds: 0)
        pump()
    }

    /// How many go before it, plus one; nil when it is not ready.
    func position(of generation: Generation) -> Int? {
        if let position = schedule.position(of: generation.id) { return position }
        for line in lines.values {
            if let position = line.position(of: generation.id) { return position }
        }
        return nil
    }

    /// Starts nothing more.
    func stop() {
        isStopped = true
        timer?.cancel()
        timer = nil
    }

    func pump() {
        guard !isStopped else { return }
        let now = Timestamp.now()
        // Those that a lane has held back came earlier than those that are ready.
        for name in lines.filter({ $0.value.until <= now }).keys.sorted() { serve(name) }
        while running < settings.concurrency, let id = schedule.next(now: now) {
            guard let generation = generations[id] else { continue }
            if let block = gate(generation, { lines[$0]?.count ?? 0 }) {
                hold(id, block, atFront: false)
            } else {
                begin(generation)
            }
        }
        armTimer()
    }

    private func serve(_ name: String) {
        while running < settings.concurrency, let id = lines[name]?.takeFirst() {
            guard let generation = generations[id] else { continue }
            // None of its own line is ahead of the first one.
            guard let block = gate(generation, { $0 == name ? 0 : lines[$0]?.count ?? 0 }) else {
                begin(generation)
                continue
            }
            hold(id, block, atFront: block.line == name)
            if block.line == name { return }
        }
        if lines[name]?.count == 0 { lines[name] = nil }
    }

    private func begin(_ generation: Generation) {
        generations[generation.id] = nil
        running += 1
        start(generation)
    }

    private func hold(_ id: String, _ block: LaneBlock, atFront: Bool) {
        lines[block.line, default: LaneLine()].add(id, atFront: atFront)
        // What is told to one far behind is later than when the first one may look again.
        if atFront || lines[block.line]?.count == 1 { lines[block.line]?.until = block.until }
    }

    private func armTimer() {
        timer?.cancel()
        timer = nil
        // With every slot taken, `ended()` looks again.
        guard !isStopped, running < settings.concurrency else { return }
        let dues = [schedule.nextDue()].compactMap { $0 } + lines.values.map(\.until)
        guard let due = dues.min() else { return }
        timer = LoopTimer(after: min(max(due - .now(), .zero), Self.lookAgain)) { [unowned self] in pump() }
    }
}
