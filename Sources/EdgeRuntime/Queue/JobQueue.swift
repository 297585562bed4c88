// One function's work in its order, held to the function's concurrency and to what its lanes allow.
internal import Callers
internal import CivilTime
internal import EdgeLoop

/// Starts generations of one function: as ``WorkOrder`` says, and waiting ones when they are due.
@LoopActor
final class JobQueue {
    /// What is asked of lanes about a generation.
    typealias Gate = @LoopActor (Generation, _ ahead: (String) -> Int) -> LaneBlock?

    private(set) var settings: JobSettings
    private var order: WorkOrder<String>
    private var schedule = Schedule<String>()
    private var generations: [String: Generation] = [:]
    private var timer: LoopTimer?
    /// When it was seen last what may begin: a line that came due since then is due still.
    private var pumped = Timestamp(milliseconds: 0)
    private let gate: Gate
    private let outlook: Gate
    private let start: @LoopActor (Generation) -> Void
    private let moved: @LoopActor () -> Void
    private var isStopped = false

    /// libuv's timer takes any time, but the wall clock may jump: due times are looked at again at least this often.
    private static let lookAgain = Duration.seconds(30)

    /// - Parameters:
    ///   - gate: what holds a generation back, told how many of a line go before it; nil: it starts.
    ///   - outlook: the same asked out of curiosity, about one that does not start now.
    ///   - start: begins one that has a slot and a lane.
    ///   - moved: told when places may have changed.
    init(
        settings: JobSettings,
        tiers: TierTable = TierTable(),
        gate: @escaping Gate = { _, _ in nil },
        outlook: @escaping Gate = { _, _ in nil },
        start: @escaping @LoopActor (Generation) -> Void,
        moved: @escaping @LoopActor () -> Void = {}
    ) {
        self.settings = settings
        order = WorkOrder(places: settings.concurrency, tiers)
        self.gate = gate
        self.outlook = outlook
        self.start = start
        self.moved = moved
    }

    var runningCount: Int { order.runningCount }
    var readyCount: Int { order.count }
    /// All that is here: what runs, what is ready, what waits.
    var count: Int { generations.count + runningCount }

    func use(_ settings: JobSettings, _ tiers: TierTable) {
        self.settings = settings
        order.use(places: settings.concurrency, tiers)
        pump()
    }

    // MARK: Work comes and goes

    /// Takes a slot and a lane for a generation that its caller starts by itself; false: it has to be added.
    func takeSlot(for generation: Generation) -> Bool {
        guard !isStopped else { return false }
        return order.takePlace(generation.id, generation.standing, now: .now()) { _, ahead in gate(generation, ahead) }
    }

    func add(_ generation: Generation) {
        generations[generation.id] = generation
        schedule.remove(generation.id)
        order.add(generation.id, generation.standing)
        pump()
    }

    func wait(_ generation: Generation, until due: Timestamp) {
        generations[generation.id] = generation
        order.remove(generation.id)
        schedule.wait(generation.id, until: due)
        armTimer()
    }

    func remove(_ generation: Generation) {
        order.remove(generation.id)
        schedule.remove(generation.id)
        generations[generation.id] = nil
        moved()
    }

    /// Its standing has changed.
    func reorder(_ generation: Generation) {
        order.change(generation.id, to: generation.standing)
        pump()
    }

    /// Gives a slot back.
    func ended(_ generation: Generation) {
        order.ended(generation.id, now: .now(), tells: generation.hopeless == nil)
        pump()
    }

    /// Whoever is first in this line may find its lane free now.
    func freed(_ line: String) {
        if order.freed(line) { pump() }
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
        pumped = now
        while let id = schedule.takeDue(now: now) {
            if let generation = generations[id] { order.add(id, generation.standing) }
        }
        while let id = order.next(now: now, gate: gate(of:ahead:)) {
            guard let generation = generations.removeValue(forKey: id) else {
                order.ended(id, now: now, tells: false)
                continue
            }
            start(generation)
        }
        armTimer()
        moved()
    }

    private func gate(of id: String, ahead: (String) -> Int) -> LaneBlock? {
        generations[id].flatMap { gate($0, ahead) }
    }

    private func armTimer() {
        timer?.cancel()
        timer = nil
        guard !isStopped else { return }
        let dues = [schedule.nextDue(), order.looksAgain(after: pumped)].compactMap { $0 }
        guard let due = dues.min() else { return }
        timer = LoopTimer(after: min(max(due - .now(), .zero), Self.lookAgain)) { [unowned self] in pump() }
    }

    // MARK: Places and estimates

    /// How many are expected to go before it, plus one; nil when it is not ready.
    func position(of generation: Generation) -> Int? { order.position(of: generation.id, now: .now()) }

    /// Nil while nobody can know.
    func estimatedStart(of generation: Generation, now: Timestamp) -> Timestamp? {
        order.estimate(of: generation.id, now: now) { _, ahead in outlook(generation, ahead) }.moment
    }

    /// When work would be expected to begin that came now.
    /// - Parameter outlook: what holds it back.
    func estimatedStart(
        ofNew id: String,
        _ standing: Standing,
        now: Timestamp,
        outlook: @escaping @LoopActor (_ ahead: (String) -> Int) -> LaneBlock?
    ) -> Timestamp? {
        order.estimate(ofNew: id, standing, now: now) { _, ahead in outlook(ahead) }.moment
    }

    /// Whether another standing would bring it forward.
    func isBetter(_ standing: Standing, for generation: Generation) -> Bool {
        order.isBetter(standing, for: generation.id, now: .now())
    }
}
