// The life of one task: begun, looked at, fetched. Nothing waits here: the host comes again.
internal import CivilTime
internal import JSON
internal import Providers

extension HFInference {
    func begin(_ route: HFRoute, attempt: ProviderAttempt) async throws(ProviderError) -> ProviderAnswer {
        let requests = HFRequests(settings: settings)
        var image: HFPicture?
        if let input = route.request.image { image = try await picture(input) }
        let call = try requests.make(route, image: image, timeout: attempt.timeout)
        let reply = try await send(call, isMaking: true)
        var answer = HFAnswer(
            settings: settings,
            model: route.model,
            provider: route.provider,
            seed: route.request.seed
        )
        (answer.isVideo, answer.dropped) = (route.task.isVideo, route.dropped)
        guard let provider = route.provider, provider.answersWithTask(route.task) else {
            if reply.status == 200, let place = reply.json.flatMap(HFStep.elsewhere) {
                return try await finish(.fetch(place, seed: nil), reply, answer, nil, timeout: attempt.timeout)
            }
            return .image(try answer.image(reply, hints: HFHints(reply, now: now())))
        }
        guard (200..<300).contains(reply.status) else {
            throw answer.refusal.error(reply, hints: HFHints(reply, now: now()))
        }
        let step = reply.json.map { HFStep($0, of: provider, baseURL: settings.baseURL) } ?? .unreadable
        guard case .wait(let path?, let cancel) = step else {
            return try await finish(step, reply, answer, nil, timeout: attempt.timeout)
        }
        return later(
            HFQueued(
                provider: provider,
                path: path,
                cancelPath: cancel,
                isVideo: route.task.isVideo,
                since: now(),
                dropped: route.dropped
            )
        )
    }

    /// Asks what became of a task.
    func look(
        _ queued: HFQueued,
        model: HFModelID,
        request: ImageRequest,
        attempt: ProviderAttempt
    ) async throws(ProviderError) -> ProviderAnswer {
        var (queued, request) = (queued, request)
        queued.asks += 1
        for part in queued.dropped.compactMap(Parameter.init(rawValue:)) { request.drop(part) }
        let requests = HFRequests(settings: settings)
        let seed = queued.provider.withoutDrawnSeed(request).seed
        var answer = HFAnswer(settings: settings, model: model, provider: queued.provider, seed: seed)
        (answer.isVideo, answer.dropped) = (queued.isVideo, queued.dropped)
        if now() - queued.since > queued.timeMax {
            await cancel(state: queued.json)
            throw ProviderError(
                provider: name,
                kind: .unavailable(after: nil),
                message: "\(queued.provider.rawValue) did not finish within \(queued.timeMax): try again later",
                mayBePaid: true
            ).over
        }
        guard let path = queued.path else {
            let known = ProviderReply(status: 200)
            return try await fetch(queued.address ?? "", known, answer, queued, timeout: attempt.timeout)
        }
        guard let reply = try await answered(requests.look(queued, at: path), answer, &queued) else {
            return later(queued)
        }
        var step = reply.json.map { HFStep($0, of: queued.provider, baseURL: settings.baseURL) } ?? .unreadable
        var last = reply
        if step == .collect {
            guard let collected = try await answered(requests.look(queued, at: path, collect: true), answer, &queued)
            else { return later(queued) }
            last = collected
            step = collected.json.map { HFStep($0, of: queued.provider, baseURL: settings.baseURL) } ?? .unreadable
            if step == .collect { step = .unreadable }
        }
        if case .wait = step {
            await attempt.report(0, "\(queued.provider.rawValue) works on it")
            queued.failures = 0
            return later(queued)
        }
        return try await finish(step, last, answer, queued, timeout: attempt.timeout)
    }

    /// An answer of a provider that works; nil when it should be asked again.
    private func answered(
        _ call: ProviderCall,
        _ answer: HFAnswer,
        _ queued: inout HFQueued
    ) async throws(ProviderError) -> ProviderReply? {
        let error: ProviderError
        do {
            let reply = try await send(call, isMaking: true)
            if (200..<300).contains(reply.status) { return reply }
            error = refusal(of: reply, answer)
        } catch let failure {
            error = failure.kind == .network ? failure.perhapsPaid : failure
        }
        queued.failures += 1
        guard error.isPassing, queued.failures <= HFQueued.failuresMax else { throw error }
        switch error.kind {
        case .rateLimited(let after), .unavailable(let after), .loading(let after): queued.told = after
        default: break
        }
        return nil
    }

    /// A task that is not known any more is no model that is not known.
    private func refusal(of reply: ProviderReply, _ answer: HFAnswer) -> ProviderError {
        guard reply.status != 404, reply.status != 410 else {
            return answer.bad("the provider does not know the task any more: ask for it again", reply).over
        }
        return answer.refusal.error(reply, hints: HFHints(reply, now: now())).perhapsPaid
    }

    /// - Parameter queued: where to ask again when the result cannot be fetched now; nil: it cannot be asked again.
    private func finish(
        _ step: HFStep,
        _ reply: ProviderReply,
        _ answer: HFAnswer,
        _ queued: HFQueued?,
        timeout: Duration
    ) async throws(ProviderError) -> ProviderAnswer {
        switch step {
        case .fetch(let text, let seed):
            var answer = answer
            answer.seed = seed ?? answer.seed
            guard text.hasPrefix("http://") || text.hasPrefix("https://") else {
                guard let bytes = reply.result(inBase64: text) else {
                    throw answer.bad("the provider sent a result that cannot be read", reply)
                }
                return .image(try answer.result(bytes, reply))
            }
            return try await fetch(text, reply, answer, queued, timeout: timeout)
        case .failed(let reason):
            throw ProviderError(
                provider: name,
                kind: .unavailable(after: nil),
                message: "\(answer.provider?.rawValue ?? name) failed to make it: try again\(said(reason))",
                status: reply.status,
                requestID: HFRefusal.requestID(reply),
                mayBePaid: true
            ).over
        case .unsafe:
            throw ProviderError(
                provider: name,
                kind: .moderated,
                message: "the provider found the prompt or what came of it unsafe: change it",
                status: reply.status,
                requestID: HFRefusal.requestID(reply),
                mayBePaid: true
            )
        case .wait, .collect, .unreadable:
            throw answer.bad("the provider sent an answer without a result or a task", reply)
        }
    }

    private func fetch(
        _ url: String,
        _ reply: ProviderReply,
        _ answer: HFAnswer,
        _ queued: HFQueued?,
        timeout: Duration
    ) async throws(ProviderError) -> ProviderAnswer {
        let call = HFRequests(settings: settings).result(url, isVideo: answer.isVideo, timeout: timeout)
        let error: ProviderError
        do {
            let result = try await send(call)
            if result.status == 200 { return .image(try answer.result(result.result, reply)) }
            let isGone = [401, 403, 404, 410].contains(result.status)
            error = ProviderError(
                provider: name,
                kind: isGone ? .badAnswer : .network,
                message: isGone
                    ? "the address of the result has expired (status \(result.status)): ask for it again"
                    : "the result cannot be fetched (status \(result.status))",
                mayBePaid: true
            )
        } catch let failure {
            error = failure
        }
        let begun =
            queued
            ?? answer.provider.map { provider in
                HFQueued(
                    provider: provider,
                    address: url,
                    isVideo: answer.isVideo,
                    since: now(),
                    dropped: answer.dropped
                )
            }
        guard error.kind == .network, var queued = begun, queued.failures < HFQueued.failuresMax,
            queued.address?.utf8.count ?? 0 <= HFQueued.addressBytesMax
        else { throw error }
        // It is paid: it is asked for again, and not made again.
        queued.failures += 1
        return later(queued)
    }

    private func later(_ queued: HFQueued) -> ProviderAnswer { .later(after: queued.pause, state: queued.json) }

    private func said(_ reason: String?) -> String {
        guard let reason else { return "" }
        let reply = ProviderReply(status: 200, body: JSONValue.object(["error": .string(reason)]).encoded())
        return HFErrorText.read(reply, token: settings.token).map { ". It says: \($0)" } ?? ""
    }

    private func picture(_ image: ImageInput) async throws(ProviderError) -> HFPicture {
        do {
            let (bytes, type) = try await image.read()
            return HFPicture(base64: Base64.encode(bytes), mediaType: type.mediaType)
        } catch {
            throw refusal(.refused, "\(error)")
        }
    }
}

extension HFRoutedProvider {
    /// Whether its answer names a task or an address, and is not the result itself.
    fileprivate func answersWithTask(_ task: HFTask) -> Bool {
        switch self {
        case .hfInference, .nscale: false
        case .together: task.isVideo
        case .falAI, .novita, .replicate, .wavespeed, .zaiOrg: true
        }
    }
}
