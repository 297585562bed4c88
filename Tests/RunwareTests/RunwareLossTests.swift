import EdgeLoop
import JSON
import Providers
import TestSupport
import Testing

@testable import Runware

/// What happens when an answer does not come: nothing is ever paid twice.
struct RunwareLossTests {
    init() { TestLoop.start() }

    private let request = ImageRequest(prompt: "a kite")

    @Test(
        "An answer lost on the way: asked about first, then sent again with the same id only where it did not arrive",
        arguments: [
            (RunwarePlay.lostAfter, 1), (.cutAfter(130), 1), (.cutAfter(130, reset: true), 1), (.cutAfter(20), 1),
            (.taken(RunwareScript.page(502)), 1), (.taken(RunwareScript.error("internalServerError", status: 500)), 1),
            (.taken(.json(200, #"{"data":[{"taskU"#)), 1),
            (.taken(RunwareScript.error("requestTimeout", status: 408)), 1),
            (.taken(RunwareScript.error("providerBadGateway", status: 502)), 1), (.lostBefore, 2),
            (RunwarePlay(.refused(RunwareScript.page(504))), 2),
        ],
        RunwareSettings.Delivery.allCases
    )
    @LoopActor func lost(loss: (play: RunwarePlay, sent: Int), delivery: RunwareSettings.Delivery) async throws {
        let driver = try Driver(RunwareScript([loss.play]), delivery: delivery)

        let image = try await driver.image(request)

        #expect(image.bytes == RunwareScript.picture("a kite"))
        #expect(driver.phases.first == "lost")
        #expect(driver.pauses.first == 1)
        #expect(driver.script.sent.count == loss.sent)
        #expect(driver.script.sent.allSatisfy { $0["taskUUID"]?.string == Driver.taskUUID })
        #expect(driver.script.paid(for: "a kite") == 1)
    }

    @Test @LoopActor func `silence is a loss when the attempt's time is over`() async throws {
        let driver = try Driver(RunwareScript([.silentAfter]))
        driver.timeout = .seconds(10)

        _ = try await driver.image(request)

        #expect(driver.phases.first == "lost")
        #expect(driver.script.paid(for: "a kite") == 1)
    }

    @Test(
        "What was never sent is not asked about and not paid: the next provider can go on at once",
        arguments: DeadServer.Absence.allCases
    )
    @LoopActor func neverSent(absence: DeadServer.Absence) async throws {
        let dead = try DeadServer(absence)
        let driver = try Driver(RunwareScript(), baseURL: dead.url)

        let error = try await driver.error(request)

        #expect(error.kind == .network)
        #expect(!error.mayBePaid)
        #expect(driver.pauses.isEmpty)
    }

    @Test(
        "Runware that is dead after a lost answer is asked a few times within seconds, then left, perhaps paid",
        arguments: [
            ScriptedAnswer.reset, .close, RunwareScript.page(502),
            RunwareScript.error("internalServerError", status: 500),
        ],
        RunwareSettings.Delivery.allCases
    )
    @LoopActor func dead(answer: ScriptedAnswer, delivery: RunwareSettings.Delivery) async throws {
        let script = try RunwareScript([.lostAfter.questions(Array(repeating: answer, count: 50))])
        let driver = try Driver(script, delivery: delivery)

        let error = try await driver.error(request)

        #expect(error.mayBePaid)
        #expect(!error.isOver, "the task can still be asked about")
        #expect(script.sent.count == 1)
        #expect(script.questions == RunwareTask.lostFailuresMax - 1)
        #expect(driver.pauses == [1, 1, 2, 2, 2])
    }

    @Test @LoopActor func `an unsure attempt asks a Runware that is not there a few times, then it is perhaps paid`()
        async throws
    {
        let dead = try DeadServer(.noListener)
        let driver = try Driver(RunwareScript(), baseURL: dead.url)

        let error = try await driver.error(request, isUnsure: true)

        #expect(error.kind == .network)
        #expect(error.mayBePaid)
        #expect(driver.pauses.reduce(0, +) <= 8)
    }

    @Test @LoopActor func `a silent Runware is noticed in seconds, where the answer is not the image itself`() throws {
        let settings = try RunwareSettings(delivery: .async)
        let requests = RunwareRequests(settings: settings)
        let task = TaskUUID.random()
        let sync = RunwareRequests(settings: try RunwareSettings(delivery: .sync))

        let begin = requests.begin([:], kind: .image, timeout: .seconds(300))
        let question = requests.question(task, kind: .image, timeout: .seconds(300))

        #expect(begin.headTimeout == .seconds(30))
        #expect(question.headTimeout == .seconds(10))
        #expect(sync.begin([:], kind: .image, timeout: .seconds(300)).headTimeout == nil)
        #expect(sync.begin([:], kind: .video, timeout: .seconds(300)).headTimeout == .seconds(30))
    }

    @Test @LoopActor func `a task whose first questions are answered like an unknown one is not made twice`()
        async throws
    {
        // It arrived; the question is answered with nothing; sent again it is refused as known; then it is found.
        let nothing = ScriptedAnswer.json(200, #"{"data":[]}"#)
        let driver = try Driver(RunwareScript([.lostAfter.questions([nothing, nothing])]))

        let image = try await driver.image(request)

        #expect(image.bytes == RunwareScript.picture("a kite"))
        #expect(driver.script.sent.count == 2)
        #expect(driver.script.paid(for: "a kite") == 1)
        #expect(driver.phases == ["lost", "working", "working"])
    }

    @Test("An attempt that may have been sent begins with a question", arguments: [true, false])
    @LoopActor func unsure(arrived: Bool) async throws {
        let script = try RunwareScript()
        if arrived { _ = try? await Driver(script).provider.answer(request, attempt: Self.attempt(isUnsure: false)) }
        let driver = try Driver(script)

        let image = try await driver.image(request, isUnsure: true)

        #expect(image.bytes == RunwareScript.picture("a kite"))
        #expect(script.sent.count == 1)
        #expect(script.paid(for: "a kite") == 1)
        #expect(script.upstream.requests[arrived ? 1 : 0].text.contains("getResponse"))
    }

    @Test @LoopActor func `an unsure attempt whose task is told to be unknown is sent`() async throws {
        let driver = try Driver(
            RunwareScript([.lostAfter.questions([RunwareScript.error("taskNotFound", status: 404)])])
        )

        let image = try await driver.image(request)

        #expect(image.bytes == RunwareScript.picture("a kite"))
        #expect(driver.script.sent.count == 2)
        #expect(driver.script.paid(for: "a kite") == 1)
    }

    @Test @LoopActor func `an id that was used before the first call is an error, perhaps paid`() async throws {
        let driver = try Driver(RunwareScript([.refused("conflictTaskUUID")]))

        let error = try await driver.error(request)

        #expect(error.kind == .badAnswer)
        #expect(error.mayBePaid)
    }

    @Test @LoopActor func `a task that never ends is given up after 20 minutes, perhaps paid`() async throws {
        let driver = try Driver(RunwareScript([.never]))

        let error = try await driver.error(request)

        #expect(error.kind == .unavailable(after: nil))
        #expect(error.mayBePaid)
        #expect(error.message.contains("not finished 20 minutes after it began"))
        #expect((1180...1200).contains(driver.pauses.reduce(0, +)))
        #expect(driver.pauses.max() == 10)
    }

    @Test @LoopActor func `an id that Runware never knows is given up, and sent no more than the limit`() async throws {
        let driver = try Driver(RunwareScript(then: .lostBefore))

        let error = try await driver.error(request)

        #expect(error.mayBePaid)
        #expect(driver.script.sent.count == RunwareTask.sendsMax)
        #expect(driver.script.paidInAll == 0)
    }

    @Test @LoopActor func `questions that fail are asked again, some times`() async throws {
        let faults: [ScriptedAnswer?] = [
            .reset, RunwareScript.page(502), RunwareScript.error("internalServerError", status: 500),
            RunwareScript.page(200), .json(200, "{"), nil,
        ]
        let driver = try Driver(RunwareScript([.normal.polls(6).questions(faults)]))

        _ = try await driver.image(request)
        let other = try Driver(RunwareScript([.normal.questions(Array(repeating: .reset, count: 50))]))
        let error = try await other.error(request)

        #expect(driver.script.sent.count == 1)
        #expect(error.kind == .network)
        #expect(error.mayBePaid)
        #expect(other.script.questions == RunwareTask.failuresMax)
    }

    @Test(
        "A question that comes too often waits as it is told, seconds or not at all",
        arguments: [
            (RunwareScript.page(429, headers: [("Retry-After", "17")]), 17),
            (RunwareScript.error("rateLimitExceeded", status: 429), 2),
        ]
    )
    @LoopActor func limited(answer: ScriptedAnswer, pause: Int) async throws {
        let driver = try Driver(RunwareScript([.normal.polls(1).questions([nil, answer])]))

        _ = try await driver.image(request)

        #expect(driver.pauses == [1, 1, pause])
        #expect(driver.script.sent.count == 1)
    }

    @Test @LoopActor func `a task that is no longer known is a failure, perhaps paid`() async throws {
        let unknown = RunwareScript.error("taskFailedOrNotFound", status: 404)
        let driver = try Driver(RunwareScript([.normal.questions(Array(repeating: unknown, count: 9))]))

        let error = try await driver.error(request)

        #expect(error.kind == .unavailable(after: nil))
        #expect(error.mayBePaid)
        #expect(driver.script.questions == RunwareTask.unknownMax)
        #expect(driver.script.sent.count == 1)
    }

    @Test @LoopActor func `a key that is refused while a task is at work leaves it perhaps paid`() async throws {
        let driver = try Driver(RunwareScript([.normal.questions([RunwareScript.error("invalidApiKey", status: 401)])]))

        let error = try await driver.error(request)

        #expect(error.kind == .credentials)
        #expect(error.mayBePaid)
    }

    @Test @LoopActor func `a rate limit on what is sent again keeps the task`() async throws {
        let script = try RunwareScript { number, _ in
            number == 1 ? .lostBefore : number == 2 ? .refused("rateLimitExceeded", status: 429) : .normal
        }
        let driver = try Driver(script)

        let image = try await driver.image(request)

        #expect(image.bytes == RunwareScript.picture("a kite"))
        #expect(Set(script.sent.map { $0["taskUUID"]?.string }) == [Driver.taskUUID])
    }

    private static func attempt(isUnsure: Bool) -> ProviderAttempt {
        ProviderAttempt(id: Driver.attemptID, isUnsure: isUnsure, pause: { (_) throws(CancellationError) in })
    }
}
