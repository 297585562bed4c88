import EdgeLoop
import JSON
import Providers
import TestSupport
import Testing

@testable import Runware

/// Many tasks, each with faults of several kinds on its way.
struct RunwareStormTests {
    init() { TestLoop.start() }

    private static let plays: [RunwarePlay] = [
        .normal, .normal.polls(2), .lostBefore, .lostAfter, .cutAfter(130), .taken(RunwareScript.page(502)),
        RunwarePlay(.refused(RunwareScript.page(503))), .refused("internalServerError", status: 500),
        .refused("rateLimitExceeded", status: 429), .refused("modelNotReady", status: 503), .refused("invalidWidth"),
        .refused("providerError", status: 502), .unsafe, .never, .fails("inferenceError", inside: true),
        .fails("taskFailed", inside: false), .mixed,
    ]
    private static let questions: [[ScriptedAnswer?]] = [
        [], [.reset], [RunwareScript.page(502), nil, .reset], [.json(200, #"{"data":[]}"#)],
        [RunwareScript.error("rateLimitExceeded", status: 429)], [RunwareScript.error("taskNotFound", status: 404)],
        [RunwareScript.error("invalidApiKey", status: 401)], Array(repeating: RunwareScript.page(500), count: 20),
    ]
    private static let fetches: [[ScriptedAnswer?]] = [
        [], [RunwareScript.page(404)], Array(repeating: RunwareScript.page(403), count: 9),
        [.bytes([0x89, 0x50], type: "image/png")],
    ]

    @Test(
        "Whatever goes wrong, a task is paid once at most, and what was paid is never told to be free",
        arguments: RunwareSettings.Delivery.allCases,
        [true, false]
    )
    @LoopActor func payOnce(delivery: RunwareSettings.Delivery, remembersRefused: Bool) async throws {
        let script = try RunwareScript(remembersRefused: remembersRefused) { _, prompt in
            let parts = prompt.split(separator: " ").compactMap { Int($0) }
            return Self.plays[parts[0]].questions(Self.questions[parts[1]]).fetches(Self.fetches[parts[2]])
        }
        let driver = try Driver(script, delivery: delivery)
        driver.runsBeforeHurry = 25
        var images = 0

        for play in Self.plays.indices {
            for number in Self.questions.indices {
                let prompt = "\(play) \(number) \((play + number) % Self.fetches.count)"
                driver.attemptID = "019a8e5c-4f2b-7c31-9f0e-\(100_000_000_000 + 1000 * play + number)"
                do {
                    let image = try await driver.image(ImageRequest(prompt: prompt))
                    images += 1
                    #expect(image.bytes == RunwareScript.picture(prompt))
                    #expect(script.paid(for: prompt) == 1, "\(prompt)")
                } catch let error as ProviderError {
                    #expect(script.paid(for: prompt) <= 1, "\(prompt)")
                    #expect(script.paid(for: prompt) == 0 || error.mayBePaid, "\(prompt): \(error)")
                }
            }
        }

        #expect(images > 30)
        #expect(script.paid.values.allSatisfy { $0 == 1 })
    }
}
