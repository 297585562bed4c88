// A Hugging Face that answers from a list, and keeps what it was asked.
import HFInference
import JSON
import Providers
import Synchronization

final class ScriptedTransport: ProviderTransport {
    private let answers: Mutex<[Result<ProviderReply, TransportError>]>
    private let asked = Mutex<[ProviderCall]>([])

    init(_ answers: [Result<ProviderReply, TransportError>]) { self.answers = Mutex(answers) }

    var calls: [ProviderCall] { asked.withLock { $0 } }

    func send(_ call: ProviderCall) async throws(TransportError) -> ProviderReply {
        asked.withLock { $0.append(call) }
        let answer = answers.withLock { $0.isEmpty ? .failure(.network("nothing left to answer")) : $0.removeFirst() }
        return try answer.get()
    }
}

extension ProviderReply {
    static func json(_ value: JSONValue) -> ProviderReply {
        ProviderReply(
            status: 200,
            headers: [ProviderHeader("content-type", "application/json")],
            body: value.encoded()
        )
    }

    /// A model's page with a mapping of live text-to-image providers.
    static func mapping(_ providers: String...) -> ProviderReply {
        var mapping: JSONObject = [:]
        for provider in providers {
            mapping[provider] = ["status": "live", "providerId": .string("\(provider)-id"), "task": "text-to-image"]
        }
        return .json(["id": "a/b", "inferenceProviderMapping": .object(mapping)])
    }

    static let image = ProviderReply(
        status: 200,
        headers: [ProviderHeader("Content-Type", "image/png"), ProviderHeader("X-Request-Id", "2rwqIX36xQ")],
        body: Samples.jpeg
    )
}

enum Samples {
    /// The least that has the structure of a JPEG, 512 by 384.
    static let jpeg: [UInt8] =
        [0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0x01, 0x80, 0x02, 0x00, 1, 1, 0x11, 0]
        + [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0x3F, 0, 0x12, 0x34, 0xFF, 0xD9]
    static let jpegBase64 = "/9j/wAALCAGAAgABAREA/9oACAEBAAA/ABI0/9k="

    static let attempt = ProviderAttempt(pause: { (_) throws(CancellationError) in })
}
