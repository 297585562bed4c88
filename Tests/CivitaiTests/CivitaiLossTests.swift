// What is paid when answers are lost: a workflow is submitted again under the same id, and is the same workflow.
import EdgeLoop
import JSON
import Providers
import TestSupport
import Testing
import Upstream

@testable import Civitai

struct CivitaiLossTests {
    init() { TestLoop.start() }

    private let request = ImageRequest(prompt: "a kite")

    @LoopActor
    private func expectPaidOnce(_ driver: Driver, _ sent: Int, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(driver.script.paid == [Driver.attemptID: 1], sourceLocation: sourceLocation)
        #expect(driver.script.sent.count == sent, sourceLocation: sourceLocation)
        #expect(Set(driver.script.sent.map { $0.text() }).count == 1, "the same body", sourceLocation: sourceLocation)
    }

    @Test(
        "An answer that is lost after the workflow was taken costs nothing twice",
        arguments: [
            "reset", "cut", "cut and reset", "502 page", "500", "half a document", "an empty 202", "a list", "200 page",
        ]
    )
    @LoopActor func lostAnswers(fault: String) async throws {
        let play: CivitaiPlay =
            switch fault {
            case "reset": .lostAfter
            case "cut": .cutAfter(20)
            case "cut and reset": .cutAfter(150, reset: true)
            case "502 page": .taken(CivitaiScript.page(502))
            case "500": .taken(CivitaiScript.problem(500, "Internal Server Error"))
            case "half a document": .taken(.json(202, #"{"id":"wf_1","status"#))
            case "an empty 202": .taken(.status(202))
            case "a list": .taken(.json(200, #"[{"id":"wf_1"}]"#))
            default: .taken(CivitaiScript.page(200))
            }
        let driver = try Driver(CivitaiScript([play]))

        let image = try await driver.image(request)

        #expect(image.bytes == CivitaiScript.picture("a kite"))
        #expect(driver.phases.first == "lost" && driver.pauses.first == 1)
        expectPaidOnce(driver, 2)
    }

    @Test @LoopActor func `an attempt of which nobody knows whether it arrived is submitted under its id`() async throws
    {
        let script = try CivitaiScript([.normal, .normal])
        let before = try Driver(script)
        before.runsMax = 1
        await #expect(throws: Driver.EndlessTask.self) { try await before.image(request) }
        let driver = try Driver(script)

        _ = try await driver.image(request, isUnsure: true)

        expectPaidOnce(driver, 2)
    }

    @Test @LoopActor func `a call that never arrived is sent again, five times in all`() async throws {
        let driver = try Driver(CivitaiScript([.lostBefore, .lostBefore, .lostBefore], then: .normal))
        let hopeless = try Driver(CivitaiScript(then: .lostBefore))

        let image = try await driver.image(request)
        let error = try await hopeless.error(request)

        #expect(image.bytes == CivitaiScript.picture("a kite"))
        expectPaidOnce(driver, 4)
        #expect(driver.pauses.prefix(3) == [1, 2, 4])
        #expect(error.kind == .network && error.mayBePaid && !error.isOver)
        #expect(hopeless.script.sent.count == 5)
    }

    @Test @LoopActor func `silence is left in time, and the workflow found`() async throws {
        let driver = try Driver(CivitaiScript([.silentAfter]))
        driver.timeout = .seconds(6)

        _ = try await driver.image(request)

        expectPaidOnce(driver, 2)
    }

    @Test @LoopActor func `a slow answer is waited for`() async throws {
        let driver = try Driver(CivitaiScript([.slow(.milliseconds(200))]))

        _ = try await driver.image(request)

        expectPaidOnce(driver, 1)
    }

    @Test @LoopActor func `a server that is not there has not been paid`() async throws {
        let dead = try DeadServer(.noListener)
        let driver = try Driver(CivitaiScript(), baseURL: dead.url)

        let error = try await driver.error(request)

        #expect(error.kind == .network && !error.mayBePaid)
    }

    @Test @LoopActor func `a limit after a lost answer is waited for, as the workflow may be at work`() async throws {
        let script = try CivitaiScript([
            .lostBefore, .refused(CivitaiScript.problem(429, "Too Many", headers: [("Retry-After", "7")])),
        ])
        let driver = try Driver(script)

        _ = try await driver.image(request)

        #expect(driver.pauses.prefix(2) == [1, 7])
        expectPaidOnce(driver, 3)
    }

    @Test @LoopActor func `a limit that names no time is asked about less and less`() async throws {
        let busy = CivitaiPlay.refused(CivitaiScript.problem(429, "Too Many"))
        let driver = try Driver(CivitaiScript([.lostBefore] + Array(repeating: busy, count: 7)))

        _ = try await driver.image(request)

        #expect(driver.pauses.prefix(8) == [1, 2, 4, 8, 16, 30, 30, 30])
        #expect(driver.script.paidInAll == 1)
    }

    @Test @LoopActor func `questions without an answer are asked again`() async throws {
        let play = CivitaiPlay.normal.questions([
            .reset, CivitaiScript.page(502), CivitaiScript.problem(429, "Too Many", headers: [("Retry-After", "20")]),
            .json(200, "{"), .json(200, #"{"id":"wf_9","status":"succeeded"}"#),
            CivitaiScript.problem(404, "Not Found"),
        ])
        let driver = try Driver(CivitaiScript([play]))

        _ = try await driver.image(request)

        #expect(driver.pauses.contains(20))
        #expect(driver.script.questions == 7)
        expectPaidOnce(driver, 1)
    }

    @Test @LoopActor
    func `a limit that outlasts the workflow's time cancels nothing: its caller is told how long to wait`()
        async throws
    {
        let busy = CivitaiScript.problem(429, "Too Many", headers: [("Retry-After", "7200")])
        let driver = try Driver(CivitaiScript([.normal.questions([busy])]))

        let error = try await driver.error(request)

        #expect(error.kind == .rateLimited(after: .seconds(7200)) && error.mayBePaid && !error.isOver)
        #expect(driver.script.canceled.isEmpty)
    }

    @Test("A workflow that cannot be asked about any more", arguments: [404, 401, 502])
    @LoopActor func unanswered(status: Int) async throws {
        let answer = CivitaiScript.problem(status, "no")
        let driver = try Driver(CivitaiScript([.normal.questions(Array(repeating: answer, count: 99))]))

        let error = try await driver.error(request)

        #expect(error.mayBePaid)
        #expect(error.isOver == (status == 404))
        #expect(driver.script.questions == [404: 3, 401: 1, 502: 8][status])
        #expect(driver.script.sent.count == 1)
    }

    // MARK: The bytes

    @Test("An address that has run out", arguments: [1, 2])
    @LoopActor func expired(times: Int) async throws {
        let play: CivitaiPlay = times == 1 ? .normal.fetches([.status(403)]) : .expiring
        let driver = try Driver(CivitaiScript([play]))

        let image = try await driver.image(request)

        #expect(image.bytes == CivitaiScript.picture("a kite"))
        #expect(driver.script.questions == 2, "a fresh address comes with the workflow")
        #expect(driver.script.refreshes == times - 1)
        expectPaidOnce(driver, 1)
    }

    @Test(
        "Bytes that do not come whole are fetched again, and at last given up as paid",
        arguments: ["reset", "truncated", "wrong type", "empty", "502"]
    )
    @LoopActor func fetches(fault: String) async throws {
        let answer: ScriptedAnswer =
            switch fault {
            case "reset": .reset
            case "truncated": .bytes(Array(CivitaiScript.picture("a kite").dropLast(20)), type: "image/png")
            case "wrong type": CivitaiScript.page(200)
            case "empty": .status(200)
            default: CivitaiScript.page(502)
            }
        let once = try Driver(CivitaiScript([.normal.fetches([answer])]))
        let ever = try Driver(CivitaiScript([.normal.fetches(Array(repeating: answer, count: 9))]))

        #expect(try await once.image(request).bytes == CivitaiScript.picture("a kite"))
        let error = try await ever.error(request)

        #expect(error.mayBePaid)
        // A connection that breaks is used once more by the transport itself.
        #expect(fault == "reset" ? ever.script.fetches >= 4 : ever.script.fetches == 4)
        #expect(ever.script.sent.count == 1)
        expectPaidOnce(once, 1)
    }

    @Test @LoopActor func `an image that is too large is not taken`() async throws {
        let driver = try Driver(CivitaiScript(), imageBytesMax: 60)

        let error = try await driver.error(request)

        #expect(error.kind == .tooLarge && error.mayBePaid)
    }

    @Test @LoopActor func `an address in this machine's own network is not followed where it may not be`() async throws
    {
        let policy = AddressPolicy(allowsLoopback: false, allowsPrivate: false)
        let driver = try Driver(CivitaiScript(), results: Upstream(policy: policy))

        let error = try await driver.error(request)

        #expect(error.kind == .settings && error.message.contains("results.allow"))
        #expect(driver.script.fetches == 0)
    }
}
