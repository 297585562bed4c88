// Images by OpenAI, and by the many servers that speak its Images API.
internal import CivilTime
internal import JSON
public import Providers

/// Text to image, and image to image, over `images/generations` and `images/edits`.
///
/// ```swift
/// let settings = try OpenAISettings(environment: environment)
/// let provider = OpenAIImages(settings: settings, transport: UpstreamTransport(Upstream()))
/// let answer = try await provider.answer(ImageRequest(prompt: "a lighthouse"), attempt: attempt)
/// ```
/// It retries nothing by itself: a rate limit is an error that says how long to wait. Only a picture that is made, and
/// whose address does not answer, is fetched again, by way of ``ProviderAnswer/later(after:state:)``: asking anew would pay twice.
public final class OpenAIImages: Provider {
    static let name = "openai"
    public var name: String { Self.name }

    private let settings: OpenAISettings
    private let requests: OpenAIRequests
    private let transport: any ProviderTransport
    private let refusals: StreamRefusals
    private let now: @Sendable () -> Timestamp

    public convenience init(settings: OpenAISettings, transport: any ProviderTransport) {
        self.init(settings: settings, transport: transport, refusals: .ofProcess)
    }

    /// - Parameters:
    ///   - refusals: who is not asked for a stream again.
    ///   - now: what a Retry-After that is a date is compared with.
    init(
        settings: OpenAISettings,
        transport: any ProviderTransport,
        refusals: StreamRefusals,
        now: @escaping @Sendable () -> Timestamp = { .now() }
    ) {
        self.settings = settings
        self.refusals = refusals
        requests = OpenAIRequests(settings: settings)
        self.transport = transport
        self.now = now
    }

    /// OpenAI always needs a key; another server may need none.
    public var readiness: ProviderReadiness {
        settings.key != nil || !settings.isPublic
            ? .ready
            : .notReady(
                "set OPENAI_API_KEY to a key from https://platform.openai.com/api-keys, or OPENAI_BASE_URL to a server of your own"
            )
    }

    /// A name that does not fit is refused when it is asked for.
    public func abilities(of model: String?) -> ProviderAbilities {
        let model = (try? self.model(named: model)) ?? nil
        var parameters: Parameters = [.width, .height, .image, .mask]
        if requests.takesExtras(model) { parameters.formUnion([.seed, .negativePrompt, .steps, .guidanceScale]) }
        return ProviderAbilities(parameters, sizes: (model?.family ?? .other).sizes)
    }

    /// Lists the models: free, and asks for the key at OpenAI.
    public func check() async throws(ProviderError) -> String {
        if case .notReady(let advice) = readiness { throw failure(.credentials, advice) }
        let reply = try await send(requests.models())
        switch reply.status {
        case 200: break
        case 404, 405, 501:
            return "the server answers, but lists no models: whether it takes the key shows with the first image"
        default: throw OpenAIRefusal(settings: settings, model: nil, now: now()).error(reply)
        }
        guard let list = reply.json?["data"]?.array else {
            throw failure(.settings, "\(settings.baseURL)/models is no list of models: check OPENAI_BASE_URL")
        }
        let count = list.count == 1 ? "1 model" : "\(list.count) models"
        let start = settings.key == nil ? "the server answers" : "the key works"
        guard let model = usualModel else { return "\(start); it lists \(count)" }
        let isListed = list.contains { $0["id"]?.string == model.text }
        return "\(start); it lists \(count), \(isListed ? "\(model) among them" : "but not \(model)")"
    }

    public func answer(_ request: ImageRequest, attempt: ProviderAttempt) async throws(ProviderError) -> ProviderAnswer
    {
        if case .notReady(let advice) = readiness { throw failure(.credentials, advice) }
        let model = try model(named: request.model)
        try check(request, model: model)
        let reader = OpenAIAnswer(
            settings: settings,
            model: model,
            seed: requests.takesExtras(model) ? request.seed : nil
        )
        if let pending = OpenAIPending(attempt.state) { return try await fetch(pending, reader, attempt) }

        let refusal = OpenAIRefusal(settings: settings, model: model, isEdit: request.image != nil, now: now())
        let reply = try await made(request, model: model, attempt, reader)
        guard reply.status == 200 || reply.status == 201 else { throw refusal.error(reply) }
        if OpenAIEvent.isStream(reply), reply.json.flatMap({ OpenAIEvent($0) }) == .failed {
            throw refusal.error(inStream: reply)
        }
        switch try reader.read(reply) {
        case (.here(let bytes), let facts): return .image(try reader.image(bytes, facts, reply))
        case (.at(let url), let facts): return try await fetch(OpenAIPending(url: url, facts: facts), reader, attempt)
        }
    }

    /// The answer to the call that makes it: in a stream, where somebody would see the picture before it is finished.
    private func made(
        _ request: ImageRequest,
        model: OpenAIModel?,
        _ attempt: ProviderAttempt,
        _ reader: OpenAIAnswer
    ) async throws(ProviderError) -> ProviderReply {
        let isEdit = request.image != nil
        let streams = model?.family.streams ?? true && !refusals.has(settings, model, isEdit: isEdit)
        let partials = streams ? min(attempt.partialImages, OpenAIRequests.partialsMax) : 0
        let call = try await call(for: request, model: model, timeout: attempt.timeout, partials: partials)
        guard partials > 0 else { return try await send(call) }
        let reply: ProviderReply
        do {
            let show = attempt.show
            reply = try await transport.send(call) { reply in
                switch reply.json.flatMap({ OpenAIEvent($0) }) {
                case .partial:
                    if let image = reader.partial(reply) { await show(image) }
                    return true
                case .completed, .failed: return false
                case nil: return true
                }
            }
        } catch {
            throw problem(error, timeout: call.timeout, isMade: false)
        }
        guard Self.isRefused(reply), OpenAIRefusal.isOfStream(reply) else { return reply }
        // Nothing was begun: the same without what the server does not know. No quota sees this call, so it comes once.
        if OpenAIRefusal.namesStream(OpenAIFault(reply.body)) { refusals.add(settings, model, isEdit: isEdit) }
        let plain = try await send(
            try await self.call(for: request, model: model, timeout: attempt.timeout, partials: 0)
        )
        if !Self.isRefused(plain) { refusals.add(settings, model, isEdit: isEdit) }
        return plain
    }

    private static func isRefused(_ reply: ProviderReply) -> Bool { reply.status == 400 || reply.status == 422 }

    private var usualModel: OpenAIModel? { settings.defaultModel ?? (settings.isPublic ? .usual : nil) }

    private func model(named text: String?) throws(ProviderError) -> OpenAIModel? {
        guard let text else { return usualModel }
        do {
            return try OpenAIModel(text)
        } catch {
            throw failure(.refused, error.reason)
        }
    }

    /// Leaving out what has no place would make another picture than asked.
    private func check(_ request: ImageRequest, model: OpenAIModel?) throws(ProviderError) {
        let name = model.map { "the model \($0)" } ?? "the server"
        guard request.kind == .image else {
            throw failure(.refused, "\(name) makes no videos: choose another provider").unfit
        }
        let offered = abilities(of: request.model).parameters
        let unplaced = request.given.subtracting(offered)
        guard unplaced.isEmpty else {
            let known = offered.list.map(\.rawValue).joined(separator: ", ")
            throw failure(
                .refused,
                "\(name) cannot take \(unplaced.list.map(\.rawValue).joined(separator: ", ")): it takes prompt, \(known); leave out the rest or choose another model"
            ).unfit
        }
        guard request.mask == nil || request.image != nil else {
            throw failure(.refused, "a mask needs the image that it belongs to: send image as well")
        }
        switch (request.width, request.height) {
        case (nil, nil): break
        case (let width?, let height?):
            if let sizes = (model?.family ?? .other).misfit(width: width, height: height) {
                throw failure(.refused, "\(name) does not make \(width)x\(height): it takes \(sizes)").unfit
            }
        default: throw failure(.refused, "\(name) takes width and height together: give both or none").unfit
        }
    }

    private func call(
        for request: ImageRequest,
        model: OpenAIModel?,
        timeout: Duration,
        partials: Int
    ) async throws(ProviderError) -> ProviderCall {
        guard let image = request.image else {
            return requests.image(request, model: model, timeout: timeout, partials: partials)
        }
        do {
            var pictures = OpenAIRequests.Pictures(image: try await image.read())
            if let mask = request.mask {
                pictures.mask = (try await OpenAIMask.fitting(try await mask.read().bytes), .png)
            }
            return requests.edit(request, pictures: pictures, model: model, timeout: timeout, partials: partials)
        } catch let error as ImageInputError {
            throw failure(.refused, error.description)
        } catch let error as OpenAIMaskError {
            throw failure(.refused, error.description)
        } catch {
            throw failure(.refused, "the picture cannot be used")
        }
    }

    /// Takes a picture from where an answer said that it is.
    private func fetch(
        _ pending: OpenAIPending,
        _ reader: OpenAIAnswer,
        _ attempt: ProviderAttempt
    ) async throws(ProviderError) -> ProviderAnswer {
        var pending = pending
        let problem: ProviderError
        do {
            let reply = try await transport.send(requests.picture(at: pending.url, timeout: attempt.timeout))
            switch reply.status {
            case 200: return .image(try reader.image(reply.result, pending.facts, reply))
            case 408, 425, 429, 500...:
                problem = reader.bad("the picture's address does not give it (status \(reply.status))", reply)
            default:
                throw reader.bad(
                    "the picture's address no longer gives it (status \(reply.status)): it has expired, try again",
                    reply
                )
            }
        } catch let error as ProviderError {
            throw error
        } catch let error as TransportError {
            switch error.reason {
            case .address(let reason):
                throw failure(
                    .settings,
                    "the picture was made, but its address cannot be used: \(reason); let the server send base64, or allow its network for results",
                    mayBePaid: true
                )
            case .network, .timeout: problem = self.problem(error, timeout: OpenAIRequests.fetchTimeout, isMade: true)
            case .tooLarge, .canceled: throw self.problem(error, timeout: attempt.timeout, isMade: true)
            }
        } catch {
            throw failure(.network, "the picture could not be fetched", mayBePaid: true)
        }
        pending.failures += 1
        guard pending.failures < OpenAIPending.failuresMax else { throw problem }
        return .later(after: pending.pause, state: pending.state)
    }

    private func send(_ call: ProviderCall) async throws(ProviderError) -> ProviderReply {
        do {
            return try await transport.send(call)
        } catch {
            throw problem(error, timeout: call.timeout, isMade: false)
        }
    }

    private func problem(_ error: TransportError, timeout: Duration, isMade: Bool) -> ProviderError {
        let mayBePaid = isMade || error.mayHaveBeenSent
        switch error.reason {
        case .tooLarge:
            return failure(.tooLarge, OpenAIAnswer.tooLarge(settings.imageBytesMax), mayBePaid: true)
        case .network(let reason): return failure(.network, "no answer came: \(reason)", mayBePaid: mayBePaid)
        case .timeout: return failure(.network, "no answer came within \(timeout)", mayBePaid: mayBePaid)
        case .address(let reason): return failure(.settings, "\(reason); check OPENAI_BASE_URL")
        case .canceled: return failure(.canceled, "the request was canceled", mayBePaid: mayBePaid)
        }
    }

    private func failure(_ kind: ProviderError.Kind, _ message: String, mayBePaid: Bool = false) -> ProviderError {
        ProviderError(provider: Self.name, kind: kind, message: message, mayBePaid: mayBePaid)
    }
}
