import Providers
import Testing

struct ImageRequestTests {
    @Test func `a seed that was drawn was not asked for`() {
        #expect(ImageRequest(prompt: "x", seed: 7).given == [.seed])
        #expect(ImageRequest(prompt: "x", seed: 7, isSeedDrawn: true).given == [])

        let lacks = ProviderAbilities([]).lacks(of: ImageRequest(prompt: "x", seed: 7, isSeedDrawn: true))
        #expect(lacks.isEmpty, "a provider without seeds is no reason to refuse a fresh picture")
    }
}
