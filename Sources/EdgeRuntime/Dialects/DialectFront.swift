// Requests in the words of other APIs: who translates them, and in which shape their errors are told.
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

/// Hands a call to the front of its API.
@LoopActor
final class DialectFront {
    private let openAI: OpenAIFront
    private let huggingFace: HuggingFaceFront

    /// - Parameter refused: counts a request that got this instead of the rest of its answer.
    init(
        jobs: JobFront,
        images: ImageFiles,
        details: FunctionDetails,
        log: LogWriter,
        refused: @escaping @LoopActor (Problem) -> Void
    ) {
        openAI = OpenAIFront(
            jobs: jobs,
            images: images,
            models: { function in
                (await details.current(of: function)?["models"]?.array ?? []).compactMap(\.string)
            },
            log: log,
            refused: refused
        )
        huggingFace = HuggingFaceFront(jobs: jobs)
    }

    func answer(
        _ match: DialectMatch,
        _ context: RequestContext,
        _ function: LiveFunction,
        _ notes: RequestNotes
    ) async throws -> HTTPResponse {
        guard let settings = function.entry.job else { throw Problem.notFound }
        switch match.call {
        case .huggingFace(let model):
            return try await huggingFace.answer(model: model, context, function, settings, notes)
        default:
            return try await openAI.answer(match.call, context, function, settings, notes)
        }
    }
}
