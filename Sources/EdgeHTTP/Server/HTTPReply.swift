// The answer that a handler owes to a request which it has taken on without a task.
package import EdgeLoop

/// Gives one request its answer, now or in a task. Use one of the two, once.
@LoopActor
package struct HTTPReply {
    private let connection: HTTPConnection
    private let exchange: HTTPExchange

    init(_ exchange: HTTPExchange, on connection: HTTPConnection) {
        self.connection = connection
        self.exchange = exchange
    }

    /// Sends the answer: at once when its body is at hand, else by a task that streams it.
    package func send(_ response: HTTPResponse) {
        exchange.onDeparture = nil
        if !connection.respondAtOnce(response, to: exchange) { send { response } }
    }

    /// Goes on in a task, which is cancelled when the client leaves.
    package func send(_ answer: @escaping @LoopActor @Sendable () async -> HTTPResponse) {
        exchange.onDeparture = nil
        let (connection, exchange) = (connection, exchange)
        let task = Task(executorPreference: LoopActor.tasks) {
            await connection.respond(await answer(), to: exchange)
        }
        exchange.task = task
        if !connection.isCurrent(exchange) { task.cancel() }
    }

    /// Calls `body` when the client leaves before there is an answer.
    package func onDeparture(_ body: @escaping @LoopActor () -> Void) { exchange.onDeparture = body }
}
