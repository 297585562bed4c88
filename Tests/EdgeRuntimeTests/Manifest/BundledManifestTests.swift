import Glibc
import Testing

@testable import EdgeRuntime

struct BundledManifestTests {
    @Test func `the manifest of the bundled functions is good and says what the defaults say`() throws {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let bytes = try #require(read("/\(root)/functions.json"))

        let manifest = try Manifest.parse(bytes)

        #expect(manifest.functions.map(\.name) == ["generate", "status", "webhook", "keyset"])
        #expect(manifest.host == HostSettings())
        var job = JobSettings()
        job.inputs = ["image", "mask"]
        #expect(manifest["generate"]?.job == job)
        #expect(manifest["generate"]?.speaks == [.openai, .huggingface])
        #expect(manifest["generate"]?.cache == CacheSettings())
        #expect(
            manifest["generate"]?.secrets == [
                "RUNWARE_API_KEY", "HUGGINGFACE_API_KEY", "OPENAI_API_KEY", "CIVITAI_API_KEY",
            ]
        )
        #expect(manifest["generate"]?.settings == "generate.json")
        #expect(manifest["status"]?.grants == [.jobs])
        #expect(manifest["status"]?.env == [])
        #expect(manifest.canDeliver)
        #expect(manifest.canFetchKeys)
        #expect(manifest["webhook"]?.secrets == [WebhookOutbox.secretName])
        #expect(manifest["webhook"]?.job?.deadline == .seconds(86_400))
        #expect(manifest["webhook"]?.job?.perDay == 0)
    }

    private func read(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes[..<count])
    }
}
