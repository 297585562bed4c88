// A stand-in for Hugging Face, written from its fact sheet, that counts what it is asked.
public import EdgeLoop
public import JSON

/// The router and the hub on one port. Answers calls for images by a script, and everything after it with `then`.
@LoopActor
public final class HuggingFaceScript {
    /// What a call for an image gets. The sections are those of the fact sheet.
    public enum Reply: Sendable {
        /// A picture that differs for every prompt (4).
        case image
        /// Exactly this under 200.
        case body([UInt8], type: String)
        /// 503 with `estimated_time`, as loading models answer (6).
        case loading(Double)
        /// 429 with that Retry-After: seconds or a date (7 of 10).
        case limited(String)
        /// 429 with `RateLimit: "api";r=0;t=seconds` and no Retry-After.
        case exhausted(Int)
        /// Any status with `{"error": text}`.
        case error(Int, String)
        /// The connection is reset before a byte of the answer.
        case reset
        /// The head and `count` bytes of the picture, then a reset or a close.
        case cut(Int, reset: Bool)
        /// The picture, so many bytes at a time.
        case drip(Int, every: Duration)
        /// The picture, when the gate opens.
        case held(Gate)
        case wire(ScriptedAnswer)
    }

    public nonisolated static let key = "hf_scriptedUpstreamKey0123456789"
    public nonisolated static let model = "black-forest-labs/FLUX.1-schnell"

    public let upstream: ScriptedUpstream
    private let record = Record()

    @LoopActor
    private final class Record {
        var images: [ScriptedRequest] = []
        var mappings = 0
        var accounts = [HuggingFaceScript.key: "somebody"]
        let changes = Changes()
    }

    /// The calls for images, in their order. Counted when they are whole.
    public var images: [ScriptedRequest] { record.images }

    /// Whose tokens are known.
    public var accounts: [String: String] {
        get { record.accounts }
        set { record.accounts = newValue }
    }

    /// How often the hub was asked for the model's mapping.
    public var mappings: Int { record.mappings }

    /// - Parameters:
    ///   - mapping: the value of `inferenceProviderMapping`: an object by provider, or an array.
    public convenience init(
        _ script: [Reply] = [],
        then last: Reply = .image,
        mapping: JSONValue = HuggingFaceScript.inferenceMapping
    ) throws {
        try self.init(mapping: mapping) { number, _ in number <= script.count ? script[number - 1] : last }
    }

    /// - Parameter choose: decides by the number of the call, from 1, and the request.
    public init(
        mapping: JSONValue = HuggingFaceScript.inferenceMapping,
        _ choose: @escaping @LoopActor (Int, ScriptedRequest) -> Reply
    ) throws {
        upstream = try ScriptedUpstream { [record] request in
            if request.path == "/api/whoami-v2" {
                let key = String((request.header("authorization") ?? "").dropFirst("Bearer ".count))
                return record.accounts[key].map { .json(200, #"{"type":"user","name":"\#($0)"}"#) }
                    ?? .json(401, #"{"error":"Invalid credentials in Authorization header"}"#)
            }
            if request.method == "GET" {
                record.mappings += 1
                let id = String(request.path.dropFirst("/api/models/".count))
                let document: JSONValue = ["id": .string(id), "inferenceProviderMapping": mapping]
                return .json(200, document.text())
            }
            record.images.append(request)
            record.changes.notify()
            return Self.answer(choose(record.images.count, request), to: request)
        }
    }

    /// hf-inference serves the model, as object by provider.
    public nonisolated static let inferenceMapping: JSONValue = [
        "hf-inference": ["status": "live", "providerId": .string(model), "task": "text-to-image"]
    ]

    /// How many images were asked for.
    public var calls: Int { images.count }

    /// What a host needs to come here.
    public var environment: [(name: String, value: String)] {
        [
            ("HUGGINGFACE_API_KEY", Self.key), ("HUGGINGFACE_BASE_URL", upstream.url),
            ("HUGGINGFACE_HUB_URL", upstream.url),
        ]
    }

    /// Returns when so many images were asked for.
    public func called(_ count: Int) async throws {
        try await record.changes.wait(for: "call \(count) of the upstream; there were \(calls)") { calls >= count }
    }

    /// The prompts, as they came.
    public var prompts: [String] { images.map { Self.prompt(of: $0) } }

    public nonisolated static func prompt(of request: ScriptedRequest) -> String {
        let body = try? JSONValue.parse(request.body)
        return body?["inputs"]?.string ?? body?["prompt"]?.string ?? ""
    }

    /// The bytes that a prompt's image has.
    public nonisolated static func picture(_ prompt: String) -> [UInt8] { TestPicture.png(prompt) }

    /// The same for comparisons.
    public nonisolated static func content(_ prompt: String) -> Content { Content(picture(prompt)) }

    private static func answer(_ reply: Reply, to request: ScriptedRequest) -> ScriptedAnswer {
        let picture = picture(prompt(of: request))
        let whole = ScriptedAnswer.bytes(picture, type: "image/png")
        switch reply {
        case .image: return whole
        case .body(let bytes, let type): return .bytes(bytes, type: type)
        case .loading(let seconds):
            return .json(503, #"{"error":"Model \#(model) is currently loading","estimated_time":\#(seconds)}"#)
        case .limited(let when): return .json(429, #"{"error":"Rate limit reached"}"#, headers: [("Retry-After", when)])
        case .exhausted(let seconds):
            return .json(
                429,
                #"{"error":"Rate limit reached"}"#,
                headers: [
                    ("RateLimit", "\"api\";r=0;t=\(seconds)"),
                    ("RateLimit-Policy", "\"fixed window\";\"api\";q=500;w=300"),
                ]
            )
        case .error(let status, let text):
            return .json(status, JSONValue.object(["error": .string(text)]).text())
        case .reset: return .reset
        case .cut(let count, let reset):
            return whole.truncated(to: whole.wireBytes.count - picture.count + count, reset: reset)
        case .drip(let count, let pause): return whole.dripping(count, every: pause)
        case .held(let gate): return whole.after(gate)
        case .wire(let answer): return answer
        }
    }
}
