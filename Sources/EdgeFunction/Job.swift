// One attempt at a job, as a function gets it.
public import CivilTime

/// The work of one run.
public struct Job: Sendable {
    /// The job that the host runs this for.
    public let id: String
    /// The work for one cache key, which several jobs may share.
    public let generation: String
    /// 1 for the first attempt.
    public let attempt: Int
    /// Made when the attempt was written, and equal whenever the same attempt is run again: use it as the provider's request id.
    public let attemptID: String
    /// Which of the ticket's lanes the host has chosen; nil where the ticket had none.
    public let lane: String?
    /// The caller's own, where the lane says ``Lane/isOwn``: it pays, and nothing else may.
    public let token: CallerToken?
    /// Whether an earlier run of this attempt may have reached the provider, whose answer was lost: ask what became of it before anything
    /// is sent again.
    public let isUnsure: Bool
    /// What admission made.
    public let input: JSONObject
    /// What the last run left; nil at first.
    public let state: JSONValue?
    /// Files that the job came with: SHA-256 to path.
    public let inputs: [String: String]
    /// How many unfinished pictures somebody who waits would like to see; see ``show(_:index:)``.
    public let partialImages: Int
    /// The end of the job's whole life.
    public let deadline: Timestamp?
    let control: Control
    var run: RunName { RunName(job: id, attempt: attemptID) }

    /// - Throws: ``Problem`` when the host's request is not one.
    init(_ request: Request, control: Control) async throws {
        let bytes = try await request.body.collect(upTo: Self.documentBytesMax)
        guard let document = (try? JSONValue.parse(bytes))?.object, let id = document["job"]?.string,
            let input = document["input"]?.object
        else {
            throw Problem(status: 400, code: "bad_run", detail: "run needs a JSON object with \"job\" and \"input\"")
        }
        self.id = id
        self.input = input
        self.control = control
        generation = document["generation"]?.string ?? id
        attempt = document["attempt"]?.integer.map { Int(clamping: $0) } ?? 1
        attemptID = request.headers["Edge-Attempt-Id"] ?? ""
        partialImages = request.headers["Edge-Partial-Images"].flatMap { Int($0) } ?? 0
        lane = document["lane"]?.string
        token = CallerToken(request)
        isUnsure = document["unsure"]?.bool ?? false
        state = document["state"].flatMap { $0.isNull ? nil : $0 }
        deadline = document["deadline"]?.string.flatMap { Timestamp(iso8601: $0) }
        var inputs: [String: String] = [:]
        for member in document["inputs"]?.object?.members ?? [] { inputs[member.key] = member.value.string }
        self.inputs = inputs
    }

    /// The largest document of a run: an input, its state, and names of files.
    private static let documentBytesMax = 32 << 20

    /// Shows how far it is, to whoever follows the job. Never waits: what is not sent yet is replaced by what is newer.
    /// - Parameters:
    ///   - fraction: 0 to 1; what is beyond is held to it.
    ///   - note: at most 200 characters: "step 12 of 30".
    @LoopActor
    public func progress(_ fraction: Double, note: String? = nil) {
        control.show(fraction.isNaN ? 0 : min(max(fraction, 0), 1), note: note, of: run)
    }

    /// Shows a picture that is not finished yet to whoever waits for it and asked for such. It is kept by nobody, and whatever is in its
    /// way (it is too large, nobody waits any more) is no error.
    ///
    /// Returns when the host has it. One at a time is in memory, whatever the number of jobs.
    /// - Parameters:
    ///   - partial: at most 8 MiB; its facts may tell `width`, `height`, `quality` and `background`.
    ///   - index: 0 for the first one of the run.
    @LoopActor
    public func show(_ partial: Artifact, index: Int) async {
        guard partialImages > 0 else { return }
        await control.show(partial, index: index, of: run)
    }

    /// Keeps what must survive a crash, such as a provider's request id: it is on disk when this returns, and the next run has it as
    /// ``state``.
    /// - Throws: ``ControlError`` when it is not kept, as when the host has given this attempt up meanwhile: then do not call the provider.
    @LoopActor
    public func save(state: JSONValue) async throws(ControlError) {
        try await control.save(state, of: run)
    }
}
