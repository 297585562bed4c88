import EdgeLoop
import JSON
import Providers
import TestSupport
import Testing
import Upstream

@testable import OpenAIImages

/// Pictures that come as an address.
struct OpenAIAddressTests: OpenAISuite {
    init() { TestLoop.start() }

    @Test @LoopActor func `a picture behind an address is fetched without the key`() async throws {
        let script = try OpenAIScript([.url])

        let image = try await image(provider(script))

        #expect(image.bytes == OpenAIScript.picture("a kite"))
        #expect(script.calls == 1)
        #expect(script.fetches.count == 1)
        #expect(script.fetches[0].header("authorization") == nil)
    }

    @Test @LoopActor func `a picture that is made is fetched again and not asked for again`() async throws {
        let script = try OpenAIScript([.url], fetches: [.status(503), .status(429)])
        let provider = try provider(script)
        var state: JSONValue?
        var pauses: [Duration] = []
        for _ in 0..<2 {
            var attempt = Self.attempt
            attempt.state = state
            guard
                case .later(let pause, let next) = try await provider.answer(
                    ImageRequest(prompt: "a kite"),
                    attempt: attempt
                )
            else { return #expect(Bool(false), "no later") }
            pauses.append(pause)
            state = next
        }

        let image = try await image(provider, state: state)

        #expect(image.bytes == OpenAIScript.picture("a kite"))
        #expect(pauses == [.seconds(1), .seconds(2)])
        #expect(script.calls == 1 && script.made == 1)
        let kept = try #require(state).text()
        #expect(!kept.contains(OpenAIScript.key))
    }

    @Test @LoopActor func `an address that never answers ends the attempt, which may be paid`() async throws {
        let script = try OpenAIScript([.url], fetches: [.status(500), .status(500), .status(500), .status(500)])
        let provider = try provider(script)
        var attempt = Self.attempt
        for _ in 1..<OpenAIPending.failuresMax {
            guard case .later(_, let next) = try await provider.answer(ImageRequest(prompt: "a kite"), attempt: attempt)
            else { return #expect(Bool(false), "no later") }
            attempt.state = next
        }

        let error = await #expect(throws: ProviderError.self) {
            try await provider.answer(ImageRequest(prompt: "a kite"), attempt: attempt)
        }

        #expect(error?.kind == .badAnswer)
        #expect(error?.mayBePaid == true)
        #expect(script.calls == 1)
    }

    @Test @LoopActor func `an address that has expired says so`() async throws {
        let script = try OpenAIScript([.expiredURL])

        let error = try await refusal(try provider(script))

        #expect(script.fetches.count == 1)
        #expect(error.kind == .badAnswer)
        #expect(error.mayBePaid)
        #expect(error.message.contains("it has expired, try again"))
    }

    @Test @LoopActor func `an address on this machine is refused unless the settings allow it`() async throws {
        let script = try OpenAIScript([.url])
        let settings = try OpenAISettings(baseURL: script.baseURL)
        let guarded = UpstreamTransport(Upstream(), results: Upstream(policy: AddressPolicy(allowsLoopback: false)))
        let provider = OpenAIImages(settings: settings, transport: guarded)

        let error = try await refusal(provider)

        #expect(error.kind == .settings)
        #expect(error.mayBePaid)
        #expect(script.fetches.isEmpty)
    }
}
