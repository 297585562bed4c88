// Runware, called as the host calls it.
import EdgeLoop
import Providers
import TestSupport
import Upstream

@testable import Runware

@LoopActor
final class Driver: TaskDriver {
    /// Of the first run's task.
    nonisolated static let taskUUID = "019a8e5c-4f2b-4c31-9f0e-2b1c5d8a7e64"

    let script: RunwareScript

    init(
        _ script: RunwareScript,
        delivery: RunwareSettings.Delivery = .async,
        output: RunwareSettings.Output = .url,
        imageBytesMax: Int = 1 << 20,
        baseURL: String? = nil,
        results: Upstream? = nil
    ) throws {
        self.script = script
        let clock = HandClock()
        let provider = Runware(
            settings: try RunwareSettings(
                baseURL: (baseURL ?? script.upstream.url) + "/v1",
                key: try ProviderKey(RunwareScript.key, name: "RUNWARE_API_KEY"),
                delivery: delivery,
                output: output,
                imageBytesMax: imageBytesMax
            ),
            transport: UpstreamTransport(Upstream(), results: results),
            now: { clock.now }
        )
        super.init(provider, clock)
    }
}
