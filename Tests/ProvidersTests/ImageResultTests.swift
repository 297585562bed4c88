import JSON
import Testing

@testable import Providers

struct ImageResultTests {
    @Test func `facts are what the bytes say, and what is unknown is left out`() throws {
        let result = try ImageResult(
            bytes: SampleImages.jpeg,
            provider: "huggingface",
            model: "a/b",
            seed: nil,
            cost: nil,
            details: ["routed": "nscale", "width": 1]
        )

        #expect(
            result.facts == [
                "provider": "huggingface", "type": "image/jpeg", "model": "a/b", "width": 512, "height": 384,
                "routed": "nscale",
            ]
        )
    }

    @Test func `a body that is no image makes no result`() {
        #expect(throws: ImageFault.self) {
            try ImageResult(bytes: [1, 2, 3], provider: "huggingface", model: nil, seed: nil, cost: nil)
        }
    }
}
