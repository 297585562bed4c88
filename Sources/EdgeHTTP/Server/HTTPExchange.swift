// One request on a connection, from its head to the end of its answer.
internal import EdgeLoop

@LoopActor
final class HTTPExchange {
    let isHead: Bool
    let minorVersion: Int
    var keepsAlive: Bool
    /// The client waits for "100 Continue" and has not got it.
    var expectsContinue: Bool
    var decoder: HTTPBodyDecoder
    /// Whether the whole body has been received.
    var bodyDone: Bool
    var bodyBytes = 0
    let bodyLimit: Int
    /// What the head declared, if it declared a length.
    let declaredLength: Int?
    /// Held weakly: the request owns it, and with it the interest in the rest of the body.
    weak var reader: HTTPBodyReader?
    /// Method, target and headers for a refusal while the body is received.
    var outline: HTTPRequest?
    var task: Task<Void, Never>?
    /// What a handler without a task wants to know.
    var onDeparture: (@LoopActor () -> Void)?
    /// The head of the answer is on its way: another answer is no longer possible.
    var answerStarted = false

    init(_ head: HTTPHead, isHead: Bool, bodyLimit: Int, bodyDone: Bool, trailerBytesMax: Int) {
        self.isHead = isHead
        minorVersion = head.minorVersion
        keepsAlive = head.keepsAlive
        expectsContinue = head.expectsContinue && !bodyDone
        decoder = HTTPBodyDecoder(head.body, trailerBytesMax: trailerBytesMax)
        self.bodyDone = bodyDone
        self.bodyLimit = bodyLimit
        declaredLength = if case .length(let length) = head.body { length } else { nil }
    }

    /// Nobody waits for the answer any more.
    func cancel() {
        task?.cancel()
        let body = onDeparture
        onDeparture = nil
        body?()
    }

    /// Whether the rest of the body is small enough to be skipped for the sake of the connection.
    func canSkipRest(upTo limit: Int) -> Bool {
        if bodyDone { return true }
        if expectsContinue { return false }
        return (declaredLength ?? 0) - bodyBytes <= limit
    }
}
