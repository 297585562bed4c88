// Calls job functions over their sockets: admit, run, cancel.
internal import Callers
internal import CivilTime
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON
internal import Retry
internal import Secrets

/// The host's side of isolate-protocol's three calls.
@LoopActor
final class FunctionCaller: FunctionCalls {
    private let functions: Functions
    private let images: ImageFiles
    /// What a function says to callers and in job files leaves the host: secrets are taken out first.
    private let secrets: SecretKeeper
    private let vault: TokenVault
    private let log: @LoopActor (String) -> Void
    /// What holds for callers' own tokens; changes with the manifest.
    var tokenRules = OwnTokenRules()
    /// Told of each run on a caller's own token, with its provider.
    var onOwnRun: @LoopActor (String) -> Void = { _ in }

    /// How long admission may take in a process that runs; a start has its own time.
    static let admitTimeout = Duration.seconds(2)
    /// Bytes of a ticket, or of a refusal.
    static let ticketBytesMax = 1 << 20
    /// Bytes of one answer with its artifacts.
    static let artifactBytesMax = ImageFiles.bytesMax
    /// How long one that is asked to describe itself may take to start, at most.
    private static let describeStartMax = Duration.seconds(10)
    /// How long a function has to pass a cancellation on.
    private static let cancelTimeout = Duration.seconds(10)

    init(
        functions: Functions,
        images: ImageFiles,
        secrets: SecretKeeper,
        vault: TokenVault,
        log: @escaping @LoopActor (String) -> Void
    ) {
        self.functions = functions
        self.images = images
        self.secrets = secrets
        self.vault = vault
        self.log = log
    }

    // MARK: Admit

    /// Asks the function what a request means: its ticket, or the answer for the caller.
    func admit(
        _ function: LiveFunction,
        method: String,
        target: String,
        contentType: String?,
        body: [UInt8],
        caller: Caller,
        requestID: String
    ) async throws(IsolateError) -> AdmitAnswer {
        var headers: HTTPHeaders = ["Edge-Method": method, "Edge-Target": target, "Edge-Request-Id": requestID]
        headers.add(caller)
        let accounts = caller.owner.map { vault.accounts(of: $0, among: function.entry.tokens) } ?? [:]
        if !accounts.isEmpty { headers.add("Edge-Own-Tokens", accounts.keys.sorted().joined(separator: ", ")) }
        if let contentType { headers.add("Content-Type", contentType) }
        let request = HTTPClientRequest(method: "POST", target: "/_edge/admit", headers: headers, body: .bytes(body))
        let starting = function.isolates.isReady ? Duration.zero : function.entry.startTimeout
        let response = try await function.isolates.call(request, timeout: Self.admitTimeout + starting)
        var text: [UInt8]
        do {
            text = try await response.collect(upTo: Self.ticketBytesMax)
            if response.status != 200 { text = secrets.redactor.redact(text) }
        } catch {
            throw .badAnswer(function: function.name, reason: "its answer to admit could not be read: \(error)")
        }
        let answer = try AdmitAnswer(
            status: response.status,
            headers: response.headers,
            body: text,
            function: function.name
        )
        guard case .ticket(var ticket) = answer else { return answer }
        try ticket.settleOwnLanes(of: caller.owner, accounts: accounts, rules: tokenRules, function: function.name)
        return .ticket(ticket)
    }

    // MARK: Run

    func run(_ generation: Generation, attempt: Attempt, timeout: Duration) async -> RunAnswer {
        guard let function = functions[generation.function] else {
            let message = "The function \"\(generation.function)\" is not in functions.json any more."
            var note = RunNote(status: 404, message: message, code: "NOT_FOUND")
            note.mayBePaid = Self.isBegun(generation, attempt)
            return .unfinished(.final(status: 404), note)
        }
        if !generation.ticket.inputs.records.isEmpty {
            do {
                if let lost = try await lostInput(of: generation, attempt) { return lost }
            } catch {
                return failed(error, generation)
            }
        }
        var headers: HTTPHeaders = [
            "Content-Type": "application/json", "Edge-Attempt-Id": attempt.id, "Edge-Request-Id": generation.id,
        ]
        if let count = generation.partials?.toAsk, count > 0 { headers.add("Edge-Partial-Images", "\(count)") }
        var token: SecretValue?
        if let name = generation.token {
            do {
                guard let found = try vault.token(name) else { return .ownTokenGone(name.provider) }
                token = found
            } catch {
                return .ownTokenSealed(error)
            }
            onOwnRun(name.provider)
        }
        if let token { headers.add(Self.tokenField, token.reveal()) }
        let request = HTTPClientRequest(
            method: "POST",
            target: "/_edge/run",
            headers: headers,
            body: .bytes(runBody(generation, attempt))
        )
        do {
            guard let token else { return try await run(request, of: generation, in: function, timeout: timeout) }
            return try await secrets.using(token, of: generation.token?.provider ?? "") {
                try await run(request, of: generation, in: function, timeout: timeout)
            }
        } catch {
            return failed(error, generation)
        }
    }

    private func run(
        _ request: HTTPClientRequest,
        of generation: Generation,
        in function: LiveFunction,
        timeout: Duration
    ) async throws -> RunAnswer {
        // The time counts to the end of the body: the supervisor cuts what takes longer, and replaces the process.
        let response = try await function.isolates.call(request, timeout: timeout)
        if response.status == 200 { return try await read(response, generation) }
        if response.status == 204, !function.entry.isPublic {
            let facts = try ArtifactReader.facts(response.headers["Edge-Result"])
            return .made(StoredArtifacts(result: JobResult(images: [], facts: facts)))
        }
        let body = secrets.redactor.redact(try await response.collect(upTo: RunReading.bodyBytesMax))
        let (outcome, note) = RunReading.unfinished(
            status: response.status,
            retryAfter: response.headers["Retry-After"],
            body: body,
            now: .now()
        )
        return .unfinished(outcome, note)
    }

    /// A run, a cancellation or a check on a caller's own token gets it in this field, and nothing else does.
    private static let tokenField = "Edge-Provider-Token"

    /// The request's text is put together from texts: a job's input is kept as one.
    private func runBody(_ generation: Generation, _ attempt: Attempt) -> [UInt8] {
        let id = JSONValue.string(generation.id).encoded()  // the first job's, which stays when that job is cancelled
        let input = generation.ticket.input
        var body: [UInt8] = []
        body.reserveCapacity(Self.runBytesBeside + input.count + (generation.resumeState?.count ?? 0))
        body.append(contentsOf: #"{"job":"#.utf8)
        body += id
        body.append(contentsOf: #","generation":"#.utf8)
        body += id
        body.append(contentsOf: #","attempt":"#.utf8)
        body.append(contentsOf: String(attempt.number).utf8)
        body.append(contentsOf: #","input":"#.utf8)
        body += input
        body.append(contentsOf: #","state":"#.utf8)
        if let state = generation.resumeState { body += state } else { body.append(contentsOf: "null".utf8) }
        if let lane = attempt.lane {
            body.append(contentsOf: #","lane":"#.utf8)
            body += JSONValue.string(lane).encoded()
        }
        if attempt.isUnsure { body.append(contentsOf: #","unsure":true"#.utf8) }
        body.append(contentsOf: #","inputs":"#.utf8)
        body += inputs(of: generation).encoded()
        body.append(contentsOf: #","deadline":""#.utf8)
        body.append(contentsOf: generation.deadline.iso8601.utf8)
        body.append(contentsOf: #""}"#.utf8)
        return body
    }

    /// About what a run's request takes beside its input and its state.
    private static let runBytesBeside = 320

    /// Where the pictures that the work needs are, by their names.
    private func inputs(of generation: Generation) -> JSONObject {
        var paths: JSONObject = [:]
        for record in generation.ticket.inputs.records {
            if let name = record.name { paths[record.sha256] = .string(images.path(of: name)) }
        }
        return paths
    }

    /// The end of work whose picture is gone or damaged: no attempt can help.
    private func lostInput(of generation: Generation, _ attempt: Attempt) async throws -> RunAnswer? {
        for record in generation.ticket.inputs.records {
            if let name = record.name, try await images.open(name) != nil { continue }
            let message =
                "The picture \(record.fileName) that the job needs is gone or damaged. Send the request again."
            var note = RunNote(status: 410, message: message, code: "input_lost")
            note.mayBePaid = Self.isBegun(generation, attempt)
            return .unfinished(.final(status: 410), note)
        }
        return nil
    }

    /// Whether a provider may be at work on it already.
    private static func isBegun(_ generation: Generation, _ attempt: Attempt) -> Bool {
        generation.resumeState != nil || attempt.isUnsure
    }

    private func read(_ response: HTTPResponse, _ generation: Generation) async throws -> RunAnswer {
        do {
            var reader = ArtifactReader(
                images: images,
                refusesNSFW: generation.ticket.refusesNSFW,
                onWhole: generation.show
            )
            if generation.token != nil { reader.own = secrets.redactor }
            return .made(try await reader.read(response))
        } catch let refused as NSFWResult {
            let message = "The picture was made, and it shows what is not allowed here: change the prompt."
            var note = RunNote(status: 422, message: message, code: "content_refused")
            note.mayBePaid = true
            note.details["cost"] = refused.cost
            return .unfinished(.final(status: 422), note)
        } catch let error as ArtifactError {
            return .unfinished(
                .failed(.unusableResult),
                RunNote(status: 200, message: error.description, code: "bad_result")
            )
        }
    }

    /// What an attempt tells is public: paths of this machine are for the log.
    private func failed(_ error: any Error, _ generation: Generation) -> RunAnswer {
        switch error {
        case let error as IsolateError:
            let note = RunNote(status: error.status, message: error.publicDescription, code: error.code)
            return switch error {
            case .timedOut: .unfinished(.failed(.timedOut), note)
            case .died: .unfinished(.failed(.processEnded), note)
            case .badAnswer, .requestBroken, .cancelled: .unfinished(.failed(.connectionClosed), note)
            // The function never had the call, so nothing was tried and nothing can have been paid.
            case .circuitOpen, .queueFull, .waitedTooLong, .startFailed, .stopping:
                .unfinished(.limited(status: 503, after: error.retryAfter, estimate: nil), note)
            }
        case let error as StateError:
            log("job \(generation.id): its result could not be stored: \(error)")
            return .unfinished(
                .failed(.unusableResult),
                RunNote(
                    status: 200,
                    message: "The result could not be stored: \(error.publicDescription)",
                    code: "not_stored"
                )
            )
        default:
            return .unfinished(
                .failed(.connectionClosed),
                RunNote(status: 502, message: "The function's answer broke off: \(error)", code: "bad_answer")
            )
        }
    }

    // MARK: Describe

    /// What a function tells of itself, such as which providers can be used now; nil when it tells nothing.
    func describe(_ function: LiveFunction) async -> JSONObject? {
        let request = HTTPClientRequest(method: "POST", target: "/_edge/describe")
        // Who looks at the service waits for it.
        let starting =
            function.isolates.isReady ? Duration.zero : min(function.entry.startTimeout, Self.describeStartMax)
        guard let response = try? await function.isolates.call(request, timeout: Self.admitTimeout + starting),
            response.status == 200,
            let body = try? await response.collect(upTo: RunReading.bodyBytesMax)
        else { return nil }
        return (try? JSONValue.parse(body))?.object
    }

    // MARK: Check

    /// How long a provider has to answer its cheapest call.
    private static let checkTimeout = Duration.seconds(45)

    /// Has a function prove the key of one of its providers; its answer, with secrets taken out, is for whoever asked.
    /// - Parameter token: a caller's own, in place of the function's key.
    func check(
        _ function: LiveFunction,
        provider: String,
        token: SecretValue? = nil
    ) async throws -> HTTPResponse {
        let body: JSONObject = ["provider": .string(provider)]
        var headers: HTTPHeaders = ["Content-Type": "application/json"]
        if let token { headers.add(Self.tokenField, token.reveal()) }
        let request = HTTPClientRequest(
            method: "POST",
            target: "/_edge/check",
            headers: headers,
            body: .bytes(body.encoded())
        )
        return try await secrets.using(token, of: provider) {
            let response = try await function.isolates.call(request, timeout: Self.checkTimeout)
            let text = secrets.redactor.redact(try await response.collect(upTo: RunReading.bodyBytesMax))
            var answer = HTTPResponse(
                status: response.status,
                headers: ["Content-Type": "application/json"],
                body: .bytes(text)
            )
            if let seconds = response.headers["Retry-After"] { answer.headers.add("Retry-After", seconds) }
            return answer
        }
    }

    // MARK: Cancel

    func cancel(_ task: LeftTask) async {
        guard let function = functions[task.function] else { return }
        var body = Array(#"{"job":"\#(task.job)","state":"#.utf8)
        body += task.state
        if let lane = task.lane { body += Array(#","lane":\#(JSONValue.string(lane).text())"#.utf8) }
        body += Array("}".utf8)
        var headers: HTTPHeaders = ["Content-Type": "application/json", "Edge-Request-Id": task.job]
        var token: SecretValue?
        if let name = task.token {
            // Without it nobody can tell the provider; with our own key it would be asked about a task that is not ours.
            guard let found = try? vault.token(name) else { return }
            token = found
            headers.add(Self.tokenField, found.reveal())
        }
        let request = HTTPClientRequest(
            method: "POST",
            target: "/_edge/cancel",
            headers: headers,
            body: .bytes(body)
        )
        _ = try? await secrets.using(token, of: task.token?.provider ?? "") {
            try await function.isolates.call(request, timeout: Self.cancelTimeout)
        }
    }
}

extension HTTPResponse {
    /// The body of an answer from a connection, to be read once.
    @LoopActor
    var reader: HTTPBodyReader {
        switch body {
        case .empty: HTTPBodyReader()
        case .bytes(let bytes): HTTPBodyReader(bytes)
        case .reader(let reader, _): reader
        case .file, .stream: preconditionFailure("an answer from a connection is none of these")
        }
    }

    /// The whole body.
    @LoopActor
    func collect(upTo limit: Int) async throws -> [UInt8] {
        guard case .bytes(let bytes) = body else { return try await reader.collect(upTo: limit) }
        if bytes.count > limit { throw HTTPBodyError.tooLarge(limit: limit) }
        return bytes
    }
}
