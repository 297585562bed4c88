import EdgeHTTP
import EdgeLoop
import TestSupport
import Testing

@testable import EdgeRuntime

struct OpenAIStreamTests {
    init() { TestLoop.start() }

    @LoopActor
    private final class Work {
        var wasCancelled = false
        let changes = Changes()
    }

    @LoopActor
    private func partial(of bench: BoardBench) async throws -> PartialPicture {
        let writer = bench.images.begin(bytesMax: 1024)
        try await writer.append(TestPicture.png("unfinished"))
        return PartialPicture(image: try await writer.finishUnnamed(ext: "png"), type: "image/png", index: 0)
    }

    @Test @LoopActor func `nothing waits for images whose stream is never sent`() async throws {
        let feed = ImageFeed(wanted: 1)
        let picture = try await partial(of: BoardBench())
        let stream = OpenAIStream(feed: feed, isEdit: false) { OpenAIError(Problem.told($0, function: "f").problem) }
        let work = Work()

        let status = try await stream.response {
            feed.take(.partial(picture))
            do {
                try await sleep(for: .seconds(3600))
            } catch {
                work.wasCancelled = true
                work.changes.notify()
                throw error
            }
        }.status

        #expect(status == 200)
        try await work.changes.wait(for: "the end of the work") { work.wasCancelled }
    }

    @Test @LoopActor func `what fails before the first picture is thrown, and after it is told`() async throws {
        let picture = try await partial(of: BoardBench())
        let feeds = (empty: ImageFeed(wanted: 1), begun: ImageFeed(wanted: 1))
        let told: @LoopActor @Sendable (any Error) -> OpenAIError = {
            OpenAIError(Problem.told($0, function: "f").problem)
        }

        await #expect(throws: Problem.self) {
            _ = try await OpenAIStream(feed: feeds.empty, isEdit: false, told: told).response { throw Problem.notFound }
        }
        let begun = try await OpenAIStream(feed: feeds.begun, isEdit: false, told: told).response {
            feeds.begun.take(.partial(picture))
            throw Problem.notFound
        }

        guard case .stream(nil, _) = begun.body else { return #expect(Bool(false), "a stream of its own length") }
    }
}
