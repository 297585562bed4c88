import EdgeLoop
import JSON
import Providers
import TestSupport
import Testing
import Upstream

@testable import Runware

/// What was made and paid, and does not come at the first try.
struct RunwareResultTests {
    init() { TestLoop.start() }

    private let request = ImageRequest(prompt: "a kite")
    private static let cut = ScriptedAnswer.bytes(RunwareScript.picture("a kite"), type: "image/png")
        .truncated(to: 120, reset: true)

    @Test(
        "Bytes that do not come whole are fetched again, with a fresh address",
        arguments: [
            RunwareScript.page(404), RunwareScript.page(403), RunwareScript.page(410), RunwareScript.page(503),
            RunwareScript.page(200),
            .bytes(Array(RunwareScript.picture("a kite").dropLast(9)), type: "image/png"),
            cut, ScriptedAnswer.bytes(RunwareScript.picture("a kite"), type: "image/png").truncated(to: 120),
            .bytes(RunwareScript.video("x"), type: "image/png"), .status(204),
        ],
        RunwareSettings.Delivery.allCases
    )
    @LoopActor func again(answer: ScriptedAnswer, delivery: RunwareSettings.Delivery) async throws {
        let driver = try Driver(RunwareScript([.normal.fetches([answer])]), delivery: delivery)

        let image = try await driver.image(request)

        #expect(image.bytes == RunwareScript.picture("a kite"))
        #expect(driver.phases.last == "made")
        #expect(driver.script.fetches == 2)
        #expect(driver.script.sent.count == 1)
        let targets = driver.script.upstream.requests.filter { $0.method == "GET" }.map(\.target)
        #expect(Set(targets).count == 2)
    }

    @Test(
        "Bytes that never come are a failure, perhaps paid, after some fetches",
        arguments: [
            (RunwareScript.page(404), ProviderError.Kind.badAnswer, 2), (RunwareScript.page(500), .badAnswer, 3),
            (cut, .network, 3), (RunwareScript.page(200), .badAnswer, 3),
        ]
    )
    @LoopActor func never(answer: ScriptedAnswer, kind: ProviderError.Kind, fetches: Int) async throws {
        let driver = try Driver(RunwareScript([.normal.fetches(Array(repeating: answer, count: 9))]))

        let error = try await driver.error(request)

        #expect(error.kind == kind)
        #expect(error.mayBePaid)
        #expect(driver.script.fetches == fetches)
        #expect(driver.script.paid(for: "a kite") == 1)
    }

    @Test("A result above the limit is not taken", arguments: RunwareSettings.Output.allCases)
    @LoopActor func tooLarge(output: RunwareSettings.Output) async throws {
        let error = try await Driver(RunwareScript(), output: output, imageBytesMax: 40).error(request)

        #expect(error.kind == .tooLarge)
        #expect(error.mayBePaid)
    }

    @Test @LoopActor func `an address on this machine's own network is refused, unless it is listed`() async throws {
        let driver = try Driver(
            RunwareScript(),
            results: Upstream(policy: AddressPolicy(allowsLoopback: false, allowsPrivate: false))
        )

        let error = try await driver.error(request)

        #expect(error.kind == .settings)
        #expect(error.mayBePaid)
        #expect(error.message.contains("results.allow"))
        #expect(driver.script.fetches == 0)
    }

    @Test(
        "A result that says not where it is, or comes damaged, is a failure, perhaps paid",
        arguments: [#""status":"success""#, #""imageBase64Data":"QQ=""#, #""imageURL":"no address""#]
    )
    @LoopActor func unusable(member: String) async throws {
        let answer = ScriptedAnswer.json(200, #"{"data":[{"taskUUID":"\#(Driver.taskUUID)",\#(member)}]}"#)
        let driver = try Driver(RunwareScript([.normal.questions(Array(repeating: answer, count: 9))]))

        let error = try await driver.error(request)

        #expect(error.kind == .badAnswer || error.kind == .settings)
        #expect(error.mayBePaid)
    }

    @Test @LoopActor func `a data URI is taken as well, and a large seed is kept`() async throws {
        let uri = "data:image/png;base64," + Base64.encode(RunwareScript.picture("y"))
        let answer = ScriptedAnswer.json(
            200,
            #"{"data":[{"taskUUID":"\#(Driver.taskUUID)","imageDataURI":"\#(uri)","seed":9223372036854776000}]}"#
        )
        let driver = try Driver(RunwareScript([.normal.questions([answer])]))

        let image = try await driver.image(request)

        #expect(image.bytes == RunwareScript.picture("y"))
        #expect(image.seed == nil)
        #expect(image.facts["seed"] == "9223372036854775808")
        #expect(image.cost == nil)
    }
}
