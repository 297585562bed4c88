// A job's life as an event stream.
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

/// Streams the job document at each change, and ends with it.
@LoopActor
final class JobEvents {
    private let board: JobBoard
    /// Set when the host stops: streams end with a hint when to come back.
    var isStopping = false

    /// A comment is sent when nothing has happened for so long, so that proxies keep the connection.
    static let heartbeat = Duration.seconds(15)
    private static let retryMilliseconds = 2000

    init(board: JobBoard) { self.board = board }

    func stream(of job: Job, base: String) -> HTTPResponse {
        HTTPResponse(
            headers: [
                "Content-Type": "text/event-stream", "Cache-Control": "no-store", "Vary": AnswerChoice.vary,
                "X-Accel-Buffering": "no",  // nginx in front would hold the events back
            ],
            body: .stream(length: nil) { [self] writer in
                let generation = job.generation
                board.news.watch(generation)
                defer { board.news.unwatch(generation) }
                var last: JSONObject?
                while true {
                    let isFinal = job.state.isFinal
                    let next = document(of: job, base: base)
                    if JobDocument.isNews(next, after: last) {
                        try await writer.write(EventText.event(isFinal ? "done" : "progress", next))
                        last = next
                    }
                    if isFinal { return }
                    if isStopping {
                        return try await writer.write(EventText.retry(milliseconds: Self.retryMilliseconds))
                    }
                    // What changed while the client was slow is sent now: only a state that was seen is waited on.
                    let changed = await generation.changes.wait(
                        atMost: Self.heartbeat,
                        unless: { isStopping || JobDocument.isNews(document(of: job, base: base), after: last) }
                    )
                    try Task.checkCancellation()
                    if !changed { try await writer.write(EventText.heartbeat) }
                }
            }
        )
    }

    /// A finished job: one event.
    func stream(of document: JSONObject) -> HTTPResponse {
        HTTPResponse(
            headers: ["Content-Type": "text/event-stream", "Cache-Control": "no-store"],
            body: .bytes(EventText.event("done", document))
        )
    }

    private func document(of job: Job, base: String) -> JSONObject {
        JobDocument.shown(
            JobDocument.stored(job),
            base: base,
            place: board.place(of: job),
            progress: job.generation.progress
        )
    }
}
