// A call without a task: each of its steps is a callback, which costs a third of what tasks cost.
internal import EdgeHTTP
internal import EdgeLoop

/// Waits for a place, sends the request on an idle connection, and hands on the answer. Whatever is out of the ordinary (no idle
/// connection, a broken one, a refusal, a time that is over) goes on in a task, by ``Isolates/call(_:start:timeout:begun:)``.
@LoopActor
final class DirectCall {
    enum Outcome {
        case answered(HTTPResponse)
        /// To be run in a task.
        case goesOn(@LoopActor @Sendable () async throws(IsolateError) -> HTTPResponse)
    }

    private enum Stage {
        case begun
        case waiting(IsolateWaiter)
        case sent(HTTPClientCall)
        case over
    }

    private(set) var deadline: ContinuousClock.Instant
    /// Its place in ``CallDeadlines``.
    var slot = 0
    private let request: HTTPClientRequest
    private let isolates: Isolates
    private let start = ContinuousClock.now
    private let timeout: Duration
    private var hadGrace = false
    private var stage = Stage.begun
    private var done: (@LoopActor (Outcome) -> Void)?

    init(_ request: HTTPClientRequest, of isolates: Isolates, timeout: Duration) {
        self.request = request
        self.isolates = isolates
        self.timeout = timeout
        deadline = start + timeout
    }

    /// - Parameter done: called once, maybe at once.
    func begin(_ done: @escaping @LoopActor (Outcome) -> Void) {
        self.done = done
        isolates.deadlines.add(self)
        let waiter = IsolateWaiter(request: Isolates.id(of: request)) { [self] in leased($0) }
        stage = .waiting(waiter)
        do throws(IsolateError) {
            if let lease = try isolates.lease(or: waiter) { leased(.success(lease)) }
        } catch {
            leased(.failure(error))
        }
    }

    /// Nobody wants the answer any more.
    func cancel() {
        switch stage {
        case .waiting(let waiter): isolates.leave(waiter, .cancelled)
        case .sent(let call): call.end(CancellationError())
        case .begun, .over: return
        }
    }

    /// The deadline has come. After a stand-still of this host, in which the function may have stood still too, it is put off once.
    func timeIsOver(at now: ContinuousClock.Instant) {
        switch stage {
        case .waiting(let waiter): isolates.waitedTooLong(waiter, after: timeout)
        case .sent(let call):
            let more = hadGrace ? .zero : grace(missed: now - deadline, of: timeout)
            hadGrace = true
            if more > .zero { deadline = now + more } else { call.end(DeadlineExceeded()) }
        case .begun, .over: return
        }
    }

    private func leased(_ outcome: IsolateWaiter.Outcome) {
        switch outcome {
        case .failure(let error): end(.goesOn { () throws(IsolateError) in throw error })
        case .success(let lease):
            let call = lease.isolate.client?.sendNow(request) { [self] in answered($0, lease) }
            if let call { stage = .sent(call) } else { goOn(lease, nil) }
        }
    }

    private func answered(_ result: Result<HTTPAnswer, any Error>, _ lease: IsolateLease) {
        switch result {
        case .success(let answer):
            let call = IsolateCall(lease, of: isolates, start: start, timeout: timeout)
            // What a stand-still of this host gave to the head beyond its time is there for the body too.
            let late = ContinuousClock.now - (start + timeout)
            end(.answered(call.response(answer, bodyTime: late > .zero ? min(late, timeout) : nil)))
        case .failure(let error): goOn(lease, error)
        }
    }

    private func goOn(_ lease: IsolateLease, _ error: (any Error)?) {
        let (request, isolates, start, timeout) = (request, isolates, start, timeout)
        end(
            .goesOn { () throws(IsolateError) in
                try await isolates.call(request, start: start, timeout: timeout, begun: (lease, error))
            }
        )
    }

    private func end(_ outcome: Outcome) {
        isolates.deadlines.remove(self)
        stage = .over
        let done = done
        self.done = nil
        done?(outcome)
    }
}
