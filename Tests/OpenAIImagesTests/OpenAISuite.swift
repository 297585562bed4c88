// What the tests against a scripted server share.
import EdgeLoop
import JSON
import Providers
import TestSupport
import Testing
import Upstream

@testable import OpenAIImages

protocol OpenAISuite {}

extension OpenAISuite {
    static var attempt: ProviderAttempt { ProviderAttempt(pause: { (_) throws(CancellationError) in }) }

    @LoopActor func provider(
        _ script: OpenAIScript,
        key: String? = OpenAIScript.key,
        imageBytesMax: Int = 1 << 20,
        refusals: StreamRefusals = StreamRefusals()
    ) throws -> OpenAIImages {
        var settings = try OpenAISettings(environment: [
            "OPENAI_BASE_URL": script.baseURL + "/", "OPENAI_API_KEY": key ?? "",
        ])
        settings.imageBytesMax = imageBytesMax
        return OpenAIImages(settings: settings, transport: UpstreamTransport(Upstream()), refusals: refusals)
    }

    @LoopActor func image(
        _ provider: OpenAIImages,
        _ request: ImageRequest = ImageRequest(prompt: "a kite"),
        state: JSONValue? = nil
    ) async throws -> ImageResult {
        var attempt = Self.attempt
        attempt.state = state
        guard case .image(let image) = try await provider.answer(request, attempt: attempt) else {
            throw NoImageYet()
        }
        return image
    }

    @LoopActor func refusal(
        _ provider: OpenAIImages,
        _ request: ImageRequest = ImageRequest(prompt: "a kite"),
        timeout: Duration = .seconds(60)
    ) async throws -> ProviderError {
        var attempt = Self.attempt
        attempt.timeout = timeout
        return try #require(
            await #expect(throws: ProviderError.self) { try await provider.answer(request, attempt: attempt) }
        )
    }
}

struct NoImageYet: Error {}
