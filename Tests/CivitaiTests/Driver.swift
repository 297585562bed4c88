// Civitai, called as the host calls it.
import EdgeLoop
import Providers
import TestSupport
import Upstream

@testable import Civitai

@LoopActor
final class Driver: TaskDriver {
    let script: CivitaiScript

    init(
        _ script: CivitaiScript,
        imageBytesMax: Int = 1 << 20,
        baseURL: String? = nil,
        siteURL: String? = nil,
        results: Upstream? = nil
    ) throws {
        self.script = script
        let clock = HandClock()
        let provider = Civitai(
            settings: try CivitaiSettings(
                baseURL: baseURL ?? script.upstream.url,
                siteURL: siteURL ?? script.upstream.url,
                key: try ProviderKey(CivitaiScript.key, name: "CIVITAI_API_KEY"),
                imageBytesMax: imageBytesMax
            ),
            transport: UpstreamTransport(Upstream(), results: results),
            now: { clock.now }
        )
        super.init(provider, clock)
    }
}
