// A finished result: its bytes, fetched at once and believed only when they are what was asked for.
internal import JSON
internal import Providers

extension RunwareRun {
    func deliver(
        _ result: RunwareElement,
        of reply: RunwareReply,
        _ made: RunwareTask
    ) async throws(ProviderError) -> ProviderAnswer {
        var task = made
        task.phase = .made
        task.failures = 0
        let what = request.kind == .image ? "the image" : "the video"
        if reply.results.contains(where: \.isUnsafe) {
            throw ProviderError(
                provider: provider.name,
                kind: .moderated,
                message: "Runware made \(what), and its check found it unsafe: change the prompt\(price(reply))",
                status: reply.reply.status,
                requestID: task.id.description,
                mayBePaid: true
            )
        }
        task.fetches += 1
        let bytes: ResultBytes
        if let address = result.address {
            let call = requests.result(address, kind: request.kind, timeout: attempt.timeout)
            let fetched: ProviderReply
            do throws(TransportError) {
                fetched = try await provider.transport.send(call)
            } catch {
                let failure = CallFailure(error, call, of: what)
                guard failure.isPassing else { throw failure.error(isBegun: true) }
                return try again(task, failure.error(isBegun: true))
            }
            guard fetched.status == 200 else {
                let isExpired = [403, 404, 410].contains(fetched.status)
                let why = isExpired ? "its address has expired" : "its address answered with status \(fetched.status)"
                return try again(
                    task,
                    provider.refusal(.badAnswer, "\(what) was made but cannot be fetched: \(why)", mayBePaid: true),
                    atMost: isExpired ? RunwareTask.expiredFetchesMax : RunwareTask.fetchesMax
                )
            }
            bytes = fetched.result
        } else if let text = result.base64 {
            guard let decoded = reply.reply.result(inBase64: text) else {
                return try again(task, bad("\(what) came in damaged base64"))
            }
            bytes = decoded
        } else {
            return try again(task, bad("\(what) was made, and the answer says not where it is"))
        }
        return try read(bytes, result, of: reply, task, what)
    }

    private func read(
        _ bytes: ResultBytes,
        _ result: RunwareElement,
        of reply: RunwareReply,
        _ task: RunwareTask,
        _ what: String
    ) throws(ProviderError) -> ProviderAnswer {
        guard bytes.count <= requests.bytesMax(request.kind) else {
            let limit = requests.bytesMax(request.kind) >> 20
            throw provider.refusal(
                .tooLarge,
                "\(what) has more than the \(limit) MiB allowed: ask for a smaller size",
                mayBePaid: true
            )
        }
        let image: ImageResult
        do throws(ImageFault) {
            image = try ImageResult(
                bytes: bytes,
                provider: provider.name,
                model: model.text,
                seed: result.seed.map { UInt32(exactly: $0) } ?? request.seed,
                cost: reply.cost,
                details: details(result, task)
            )
        } catch {
            return try again(task, bad("\(what) came damaged: \(error)"))
        }
        guard image.info.type.isStill == (request.kind == .image) else {
            return try again(task, bad("\(image.info.type.mediaType) came in place of \(what)"))
        }
        return .image(image)
    }

    private func details(_ result: RunwareElement, _ task: RunwareTask) -> JSONObject {
        var details: JSONObject = ["taskUUID": .string(task.id.description)]
        details["resultUUID"] = result.uuid.flatMap { SaidText.line($0, hiding: provider.settings.key) }.map {
            .string($0)
        }
        if let seed = result.seed, UInt32(exactly: seed) == nil {
            // Beyond what a request can ask for; as text where JSON numbers are no longer exact.
            details["seed"] = Int64(exactly: seed).map { .integer($0) } ?? .string("\(seed)")
        }
        return details
    }

    /// It is made and paid: only its bytes are asked for again, with a fresh address.
    private func again(
        _ task: RunwareTask,
        _ error: ProviderError,
        atMost fetchesMax: Int = RunwareTask.fetchesMax
    ) throws(ProviderError) -> ProviderAnswer {
        guard task.fetches < fetchesMax else { throw error }
        return try later(task)
    }

    private func bad(_ message: String) -> ProviderError { provider.refusal(.badAnswer, message, mayBePaid: true) }

    /// What a result cost that is not given out.
    private func price(_ reply: RunwareReply) -> String {
        guard let cost = reply.cost else { return "; it may have been paid" }
        let digits = "\(cost % 1_000_000)"
        return "; it cost \(cost / 1_000_000).\(String(repeating: "0", count: 6 - digits.count))\(digits) USD"
    }
}
