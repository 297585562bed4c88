// A finished image: its bytes, fetched at once and believed only when they are what was asked for.
internal import JSON
internal import Providers

extension CivitaiRun {
    func deliver(
        _ workflow: CivitaiWorkflow,
        _ made: CivitaiTask,
        _ reply: ProviderReply
    ) async throws(ProviderError) -> ProviderAnswer {
        var task = made
        task.phase = .made
        task.failures = 0
        if let verdict = verdict(on: workflow) {
            throw ProviderError(
                provider: provider.name,
                kind: .moderated,
                message: verdict.advice,
                status: reply.status,
                requestID: workflow.id.text,
                mayBePaid: workflow.price.mayBePaid
            ).over
        }
        task.fetches += 1
        guard let image = workflow.images.first(where: { $0.address != nil }), let address = image.address else {
            return try await again(task, bad("the workflow succeeded, and its answer has no image"))
        }
        var fetched = try await fetch(address)
        // Addresses are good for minutes. The second time the workflow's own has run out again, so another one is asked for.
        if fetched.isExpired, task.fetches > 1, let blob = image.id, let fresh = await refreshed(blob) {
            fetched = try await fetch(fresh)
        }
        switch fetched {
        case .bytes(let bytes): return try await read(bytes, image, of: workflow, task)
        case .nothing(let error, _): return try await again(task, error)
        }
    }

    /// Why the image must not be given out; nil: it may.
    private func verdict(on workflow: CivitaiWorkflow) -> CivitaiRefusal.Meaning? {
        if let reason = workflow.blockedReason { return .blocked(reason, hiding: provider.settings.key) }
        guard request.checksSafety == true else { return nil }
        let isHidden = workflow.images.contains { $0.isMature || $0.isAvailable && $0.address == nil }
        return isHidden
            ? CivitaiRefusal.Meaning(
                .moderated,
                "Civitai made the image and rated it as mature, which this request does not allow: change the prompt"
            ) : nil
    }

    private enum Fetched {
        case bytes(ResultBytes)
        case nothing(ProviderError, isExpired: Bool)

        var isExpired: Bool { if case .nothing(_, isExpired: true) = self { true } else { false } }
    }

    private func fetch(_ address: String) async throws(ProviderError) -> Fetched {
        let call = requests.result(address, timeout: attempt.timeout)
        let reply: ProviderReply
        do throws(TransportError) {
            reply = try await provider.transport.send(call)
        } catch {
            let failure = CallFailure(error, call, of: "the image")
            guard failure.isPassing else { throw failure.error(isBegun: true) }
            return .nothing(failure.error(isBegun: true), isExpired: false)
        }
        if reply.status == 200 { return .bytes(reply.result) }
        let isExpired = [403, 404, 410].contains(reply.status)
        let why = isExpired ? "its address has expired" : "its address answered with status \(reply.status)"
        return .nothing(bad("the image was made but cannot be fetched: \(why)"), isExpired: isExpired)
    }

    private func refreshed(_ blob: WorkflowID) async -> String? {
        let call = requests.refresh(blob, timeout: attempt.timeout)
        guard let reply = try? await provider.transport.send(call), reply.status == 200 else { return nil }
        return reply.json.flatMap { CivitaiImage($0).address }
    }

    private func read(
        _ bytes: ResultBytes,
        _ image: CivitaiImage,
        of workflow: CivitaiWorkflow,
        _ task: CivitaiTask
    ) async throws(ProviderError) -> ProviderAnswer {
        guard bytes.count <= provider.settings.imageBytesMax else {
            throw provider.refusal(
                .tooLarge,
                "the image has more than the \(provider.settings.imageBytesMax >> 20) MiB allowed: ask for a smaller size",
                mayBePaid: true
            )
        }
        let result: ImageResult
        do throws(ImageFault) {
            result = try ImageResult(
                bytes: bytes,
                provider: provider.name,
                model: model.text,
                seed: request.seed ?? task.id.seed,
                cost: nil,  // Buzz, which is no dollars
                details: details(image, workflow)
            )
        } catch {
            return try await again(task, bad("the image came damaged: \(error)"))
        }
        guard result.info.type.isStill else {
            return try await again(task, bad("\(result.info.type.mediaType) came in place of the image"))
        }
        return .image(result)
    }

    private func details(_ image: CivitaiImage, _ workflow: CivitaiWorkflow) -> JSONObject {
        func shown(_ text: String?) -> JSONValue? {
            text.flatMap { SaidText.line($0, hiding: provider.settings.key) }.map { .string($0) }
        }
        var details: JSONObject = [:]
        details["workflow"] = shown(workflow.id.text)
        details["buzz"] = (workflow.price.charged ?? workflow.price.total).map { .integer($0) }
        details["nsfwLevel"] = shown(image.rating)
        return details
    }

    /// It is made and paid: only its bytes are asked for again, with a fresh address.
    private func again(_ task: CivitaiTask, _ error: ProviderError) async throws(ProviderError) -> ProviderAnswer {
        guard task.fetches < CivitaiTask.fetchesMax else { throw error }
        return try await later(task)
    }

    private func bad(_ message: String) -> ProviderError { provider.refusal(.badAnswer, message, mayBePaid: true) }
}
