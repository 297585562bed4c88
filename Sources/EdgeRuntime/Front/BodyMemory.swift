// How much memory request bodies take that are held whole, all of them together.
internal import EdgeHTTP
internal import EdgeLoop

/// Lets large bodies in as far as there is room for them: JSON with pictures in it, mostly. Small ones pass uncounted; what is streamed
/// to disk or to a function has no part in it.
///
/// A body counts with its whole length from its beginning, so that those that are let in come to their end. One that is slow counts
/// with what has come of it, so that a client that announces much and sends little keeps nobody out.
@LoopActor
final class BodyMemory {
    /// Bytes for all of them; one that is larger than that is let in when it is alone.
    var limit: Int { didSet { settle() } }
    private(set) var used = 0
    private var waiting: [(place: Int, amount: Int, room: BodyRoom, wait: OneShot<Bool>)] = []
    private var places = 0
    private let slowAfter: Duration
    private let waitMax: Duration

    /// A body up to this size is held in any case: it lies in the connection's buffer before it is asked for.
    static let freeBytes = HTTPLimits().recallBodyBytes
    /// A body is held as it came, and as the text that was read from it.
    static let copies = 2
    /// How long a body may take to come before it counts as slow.
    nonisolated static let slowAfter = Duration.seconds(5)
    /// How long a body waits for room: longer than slow ones can keep it.
    nonisolated static let waitMax = Duration.seconds(8)
    /// Bodies that wait at once. What has come of them stays in their connections' buffers.
    static let waitingMax = 256
    /// What a body without a declared length, or a slow one, takes at a time.
    static let step = 1 << 20

    init(limit: Int, slowAfter: Duration = BodyMemory.slowAfter, waitMax: Duration = BodyMemory.waitMax) {
        self.limit = limit
        self.slowAfter = slowAfter
        self.waitMax = waitMax
    }

    /// The whole body, with the room that it takes.
    /// - Throws: ``HTTPBodyError`` as the body's own; ``Problem`` when there is no room for it.
    func collect(_ body: HTTPBodyReader, upTo bytesMax: Int) async throws -> HeldBody {
        if body.isFinished || (body.length ?? .max) <= Self.freeBytes {
            return HeldBody(bytes: try await body.collect(upTo: bytesMax), room: nil)
        }
        if let length = body.length, length > bytesMax { throw HTTPBodyError.tooLarge(limit: bytesMax) }
        let room = BodyRoom(self)
        if let length = body.length {
            try await take(length * Self.copies, for: room)
            room.watch(slowAfter: slowAfter)
        }
        var all: [UInt8] = []
        while let part = try await body.next() {
            guard all.count + part.count <= bytesMax else { throw HTTPBodyError.tooLarge(limit: bytesMax) }
            if all.isEmpty { all = part } else { all += part }
            room.hasCome = all.count * Self.copies
            if all.count > Self.freeBytes, room.hasCome > room.taken {
                let whole = body.length.map { $0 * Self.copies } ?? .max
                try await take(min(room.hasCome + Self.step, whole) - room.taken, for: room)
            }
        }
        return HeldBody(bytes: all, room: room)
    }

    private func take(_ amount: Int, for room: BodyRoom) async throws {
        // One that has begun goes before those that have not: it alone can end, and give its room back.
        let hasBegun = room.taken > 0
        if hasBegun || waiting.isEmpty, fits(amount, room) { return grant(amount, room) }
        guard waiting.count < Self.waitingMax else { throw Problem.noBodyMemory(limit) }
        let wait = OneShot<Bool>()
        places += 1
        let place = places
        waiting.insert((place, amount, room, wait), at: hasBegun ? 0 : waiting.count)
        let timer = LoopTimer(after: waitMax) { [weak self] in self?.leave(place) }
        defer { timer.cancel() }
        let isIn = await withTaskCancellationHandler {
            await wait.wait()
        } onCancel: {
            Task { @LoopActor in self.leave(place) }
        }
        guard isIn else {
            try Task.checkCancellation()
            throw Problem.noBodyMemory(limit)
        }
    }

    private func fits(_ amount: Int, _ room: BodyRoom) -> Bool { used + amount <= limit || used == room.taken }

    private func grant(_ amount: Int, _ room: BodyRoom) {
        used += amount
        room.taken += amount
    }

    private func leave(_ place: Int) {
        guard let index = waiting.firstIndex(where: { $0.place == place }) else { return }
        waiting.remove(at: index).wait.finish(false)
        settle()
    }

    fileprivate func giveBack(_ amount: Int) {
        guard amount > 0 else { return }
        used -= amount
        settle()
    }

    /// Lets in who waits, in their order.
    private func settle() {
        while let first = waiting.first, fits(first.amount, first.room) {
            waiting.removeFirst()
            grant(first.amount, first.room)
            first.wait.finish(true)
        }
    }
}

/// The room of one body; given back with the last reference to it, or before.
@LoopActor
final class BodyRoom {
    private let memory: BodyMemory
    fileprivate var taken = 0
    fileprivate var hasCome = 0
    private var timer: LoopTimer?

    fileprivate init(_ memory: BodyMemory) { self.memory = memory }

    /// From then on it counts with what has come of it.
    fileprivate func watch(slowAfter: Duration) {
        timer = LoopTimer(after: slowAfter) { [weak self] in
            guard let self else { return }
            let unused = max(0, taken - hasCome - BodyMemory.step)
            taken -= unused
            memory.giveBack(unused)
        }
    }

    func giveBack() {
        timer?.cancel()
        timer = nil
        let amount = taken
        taken = 0
        memory.giveBack(amount)
    }

    isolated deinit { giveBack() }
}

/// A body that was read whole.
struct HeldBody: Sendable {
    var bytes: [UInt8]
    /// Nil for a small one.
    let room: BodyRoom?
}
