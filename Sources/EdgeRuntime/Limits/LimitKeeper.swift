// The limits of a running host: asked before work, kept over restarts.
internal import Callers
internal import CivilTime
internal import EdgeLoop
internal import JSON
internal import Limits

/// Holds the counts of ``LimitBook`` and the file `limits.json`.
///
/// An image is counted when its work is accepted, and each work has a serial, which its job file tells. The file of counts says up to which
/// serial it counts: at start the job files tell the rest. So accepting costs no write of its own, and neither a crash nor the removal of a
/// job gives anything back.
@LoopActor
final class LimitKeeper {
    private let files: JobFiles
    private let log: @LoopActor (String) -> Void
    private var book = LimitBook()
    private(set) var settings = LimitSettings()
    /// What every request looks at, told by the settings once.
    private(set) var isInForce = false
    private var limitsRequests = false
    private var forbidsNSFW = false
    private(set) var policy = PromptPolicy()
    private var host = HostSettings()
    /// Of the work that was accepted last.
    var serial: @LoopActor () -> Int64 = { 0 }
    /// Told when other settings hold.
    var onChange: @LoopActor (LimitSettings) -> Void = { _ in }
    /// What the file of counts has: up to which serial, and on which day it was written.
    private(set) var countedThrough: Int64 = 0
    private(set) var countedDay: String?
    private var isLoaded = false
    private var isSaving = false

    nonisolated static let fileName = "limits.json"
    private nonisolated static let version: Int64 = 1
    /// Bytes of the file with the most subjects that there can be.
    private nonisolated static let bytesMax = 256 << 20

    init(files: JobFiles, log: @escaping @LoopActor (String) -> Void) {
        self.files = files
        self.log = log
    }

    // MARK: Settings

    func use(_ host: HostSettings, _ policy: PromptPolicy, knowsCallers: Bool) {
        (self.host, self.policy) = (host, policy)
        use(knowsCallers: knowsCallers)
    }

    /// Tiers are in force where somebody wrote them down, and where callers can say who they are.
    func use(knowsCallers: Bool) {
        let wasInForce = isInForce
        settings = host.limits ?? LimitSettings()
        settings.tiers = host.tiers ?? (knowsCallers ? TierTable() : nil)
        isInForce = settings.isInForce
        limitsRequests = settings.limitsRequests
        forbidsNSFW = policy.forbidsNSFW || Tier.allCases.contains { settings.tiers?[$0].allowsNSFW == false }
        onChange(settings)
        guard isLoaded, isInForce, !wasInForce else { return }
        files.countedThrough = countedThrough
        Task { @LoopActor in _ = await save() }  // what was made before does not count
    }

    /// The caller with what its tier and the policy say of it.
    func judged(_ caller: Caller) -> Caller {
        guard forbidsNSFW else { return caller }
        var caller = caller
        if settings.tiers?[caller.tier].allowsNSFW == false || policy.forbidsNSFW(caller) { caller.allowsNSFW = false }
        return caller
    }

    // MARK: Requests

    /// Counts a request.
    func takeRequest(by caller: Caller, _ function: String) throws(Problem) {
        guard limitsRequests else { return }
        do {
            try book.takeRequest(settings.limits(of: caller, function: function), settings, now: .now())
        } catch {
            throw .limited(error)
        }
    }

    /// How a caller stands; nil when nothing limits it.
    func fields(of caller: Caller, _ function: String) -> RateLimitFields? {
        guard isInForce else { return nil }
        return book.fields(of: caller, function: function, settings, now: .now())
    }

    /// In whose place new work of a caller waits.
    func tier(of caller: Caller, _ function: String, _ now: Timestamp) -> Tier {
        guard settings.tiers?[caller.tier].beyond == .slow else { return caller.tier }
        return book.tier(of: caller, function: function, settings, now: now)
    }

    private func counts(_ caller: Caller) -> Bool { isInForce && caller.id != Caller.local.id }

    // MARK: The file

    /// Reads the counts, at start.
    func load() async {
        defer {
            isLoaded = true
            files.countedThrough = isInForce ? countedThrough : .max
        }
        let (files, path) = (self.files.state.files, path)
        let read = await Pool.run { Self.read(path, files) }
        switch read {
        case .success(nil): return
        case .success(let document?):
            guard document["version"]?.integer == Self.version, let through = document["through"]?.integer,
                let day = document["day"]?.string, JobFiles.isDay(day),
                book.restore(document, zone: settings.zone, now: .now())
            else {
                return log("\(path) is not what a host has written: images count by the job files alone")
            }
            (countedThrough, countedDay) = (through, day)
        case .failure(let error):
            log("\(path): \(error): images count by the job files alone")
        }
    }

    private nonisolated static func read(_ path: String, _ files: FileWriter) -> Result<JSONObject?, any Error> {
        Result {
            var status = FileStatus()
            guard files.calls.status(path, &status) == 0 else { return nil }
            return try JSONValue.parse(try files.read(path, bytesMax: bytesMax), limits: JSONLimits(bytes: bytesMax))
                .object ?? [:]
        }
    }

    /// Counts what the file of counts does not have, at start.
    func count(_ accepted: AcceptedWork, now: Timestamp) async {
        guard isInForce else { return }
        for work in accepted.after(countedThrough) where counts(work.caller) {
            book.countEarlier(by: work.caller, function: work.function, settings, at: work.created, now: now)
        }
        _ = await save()
    }

    /// Makes the counts durable.
    /// - Returns: whether they are.
    func save() async -> Bool {
        guard isLoaded, isInForce, !isSaving else { return !isInForce }
        isSaving = true
        defer { isSaving = false }
        let now = Timestamp.now()
        book.tidy(settings, now: now)
        let (book, through, day) = (self.book, serial(), now.day)
        let (files, path) = (self.files.state.files, path)
        let temporary = self.files.state.temporaryPath(for: "limits")
        do {
            try await self.files.state.directorySync.sync(self.files.state.path) { () throws(StateError) in
                var document: JSONObject = [
                    "version": .integer(Self.version), "through": .integer(through), "day": .string(day),
                ]
                for member in book.json.members { document[member.key] = member.value }
                try files.writeNew(temporary, JSONValue.object(document).encoded())
                try files.move(temporary, to: path)
            }
        } catch {
            log("the counts of limits could not be written: \(error)")
            return false
        }
        (countedThrough, countedDay) = (through, day)
        self.files.countedThrough = through
        return true
    }

    private var path: String { "\(files.state.path)/\(Self.fileName)" }
}

extension LimitKeeper: JobGuard {
    func admit(_ work: NewWork) throws(Problem) {
        guard !work.isExempt, counts(work.caller) else { return }
        let isCounted: Bool
        do {
            isCounted = try book.takeImage(
                by: work.caller,
                function: work.function,
                settings,
                now: work.now,
                isFurther: work.batch?.hasBegun ?? false
            )
        } catch {
            throw .limited(error)
        }
        guard isCounted else { throw .tooManyCallers }
        work.batch?.hasBegun = true
    }

    func takeBack(_ work: NewWork) {
        guard !work.isExempt, counts(work.caller) else { return }
        book.takeBackImage(by: work.caller, function: work.function, settings, at: work.now)
    }
}
