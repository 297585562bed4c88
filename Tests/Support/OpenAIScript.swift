// A stand-in for a server of OpenAI's Images API, written from its fact sheet, that counts what it is asked.
public import EdgeLoop
internal import JSON

/// Images, edits, models and the pictures behind addresses, on one port. Answers calls for images by a script, and
/// everything after it with `then`.
@LoopActor
public final class OpenAIScript {
    /// What a call for an image gets. The sections are those of the fact sheet.
    public enum Reply: Sendable {
        /// A picture that differs for every prompt, in base64 with usage (3).
        case image
        /// Where a stream is asked for, so many unfinished pictures of those asked for, and then the picture (5); `stream` opens the way
        /// after the first event.
        case stream(partials: Int, Gate? = nil)
        /// One unfinished picture, and then an error in the stream; nil: the stream breaks.
        case brokenStream(code: String?, type: String = "server_error")
        /// The same behind an address on this server (7, second exchange).
        case url
        /// The same behind an address that is gone already.
        case expiredURL
        /// Exactly this under 200.
        case body([UInt8], type: String)
        /// Any status with the envelope of 4.
        case error(Int, type: String = "invalid_request_error", code: String?, message: String, param: String? = nil)
        /// 429 of the envelope, with these headers.
        case limited([(String, String)])
        /// Any status with `{"error": text}`, as servers that copied little answer.
        case text(Int, String)
        /// A proxy's page.
        case page(Int)
        /// The connection is reset before the request was read to its end: nothing was made.
        case resetBefore
        /// The connection is reset after the picture was made.
        case resetAfter
        /// The head and `count` bytes of the body, then a reset or a close.
        case cut(Int, reset: Bool)
        /// The picture, so many bytes at a time.
        case drip(Int, every: Duration)
        /// The picture, when the gate opens.
        case held(Gate)
        case wire(ScriptedAnswer)
    }

    public nonisolated static let key = "sk-scriptedUpstreamKey0123456789"

    public let upstream: ScriptedUpstream
    private let record: Record

    @LoopActor
    private final class Record {
        var images: [ScriptedRequest] = []
        var made = 0
        var fetches: [ScriptedRequest] = []
        var models = 0
        var keys: Set<String> = [OpenAIScript.key]
        /// Answers to fetches before the picture itself.
        var fetchScript: [ScriptedAnswer] = []
        let changes = Changes()
    }

    /// The calls for images and edits, in their order. Counted when they are whole.
    public var images: [ScriptedRequest] { record.images }

    /// How many images were asked for.
    public var calls: Int { images.count }

    /// How many pictures were made: what would be charged.
    public var made: Int { record.made }

    /// The calls for pictures behind addresses.
    public var fetches: [ScriptedRequest] { record.fetches }

    /// The keys that may ask for the models.
    public var keys: Set<String> {
        get { record.keys }
        set { record.keys = newValue }
    }

    /// How often the models were asked for.
    public var models: Int { record.models }

    /// - Parameter fetches: what the first fetches get in place of the picture.
    public convenience init(
        _ script: [Reply] = [],
        then last: Reply = .image,
        fetches: [ScriptedAnswer] = []
    ) throws {
        try self.init(fetches: fetches) { number, _ in number <= script.count ? script[number - 1] : last }
    }

    /// - Parameter choose: decides by the number of the call, from 1, and the request.
    public init(
        fetches: [ScriptedAnswer] = [],
        _ choose: @escaping @LoopActor (Int, ScriptedRequest) -> Reply
    ) throws {
        let record = Record()
        record.fetchScript = fetches
        self.record = record
        upstream = try ScriptedUpstream { request in
            if request.path == "/v1/models" {
                record.models += 1
                let key = String((request.header("authorization") ?? "").dropFirst("Bearer ".count))
                guard record.keys.contains(key) else {
                    let body = Self.envelope(
                        type: "invalid_request_error",
                        code: "invalid_api_key",
                        message: "Incorrect API key provided.",
                        param: nil
                    )
                    return .json(401, body)
                }
                return .json(200, Self.modelList)
            }
            if request.path.hasPrefix("/files/") {
                record.fetches.append(request)
                guard record.fetchScript.isEmpty else { return record.fetchScript.removeFirst() }
                guard !request.query.contains("expired") else { return .status(403) }
                return .bytes(TestPicture.png(Self.plain(request.path.dropFirst("/files/".count))), type: "image/png")
            }
            guard ["/v1/images/generations", "/v1/images/edits"].contains(request.path) else { return .status(404) }
            record.images.append(request)
            let reply = choose(record.images.count, request)
            if reply.isMade { record.made += 1 }
            record.changes.notify()
            return Self.answer(reply, to: request)
        }
    }

    private nonisolated static let modelList =
        #"{"object":"list","data":[{"id":"gpt-image-1-mini","object":"model","created":1700000000,"owned_by":"openai"},{"id":"flux-schnell","object":"model","created":1700000000,"owned_by":"edge"}]}"#

    public var baseURL: String { "\(upstream.url)/v1" }

    /// What a host needs to come here.
    public var environment: [(name: String, value: String)] {
        [("OPENAI_API_KEY", Self.key), ("OPENAI_BASE_URL", baseURL)]
    }

    /// Returns when so many images were asked for.
    public func called(_ count: Int) async throws {
        try await record.changes.wait(for: "call \(count) of the upstream; there were \(calls)") { calls >= count }
    }

    /// Of a JSON body, or the part `prompt` of a form.
    public nonisolated static func prompt(of request: ScriptedRequest) -> String {
        if let body = try? JSONValue.parse(request.body) { return body["prompt"]?.string ?? "" }
        return part("prompt", of: request).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Of a JSON body.
    public nonisolated static func model(of request: ScriptedRequest) -> String? {
        (try? JSONValue.parse(request.body))?["model"]?.string
    }

    /// The content of one part of a multipart body; nil when it is not there.
    public nonisolated static func part(_ name: String, of request: ScriptedRequest) -> [UInt8]? {
        guard let type = request.header("content-type"), let at = type.firstRange(of: "boundary=") else { return nil }
        let boundary = [UInt8]("--\(type[at.upperBound...])".utf8)
        for part in request.body.split(separator: boundary) {
            guard let end = part.firstRange(of: [13, 10, 13, 10]) else { continue }
            let head = String(decoding: part[..<end.lowerBound], as: UTF8.self)
            if head.contains("name=\"\(name)\"") { return Array(part[end.upperBound...].dropLast(2)) }
        }
        return nil
    }

    /// The bytes that a prompt's image has.
    public nonisolated static func picture(_ prompt: String) -> [UInt8] { TestPicture.png(prompt) }

    private static func answer(_ reply: Reply, to request: ScriptedRequest) -> ScriptedAnswer {
        let prompt = prompt(of: request)
        let whole = ScriptedAnswer.json(200, body(prompt), headers: [("x-request-id", "req_scripted")])
        let host = request.header("host") ?? ""
        switch reply {
        case .image: return whole
        case .stream(let partials, let gate):
            guard let asked = asked(request) else { return whole }
            let events = (0..<min(asked, partials)).map { event(request, partial: $0) } + [event(request)]
            return Self.stream(events, after: gate)
        case .brokenStream(let code, let type):
            let error: JSONValue = [
                "type": "error", "error": ["type": .string(type), "code": .string(code ?? ""), "message": "it broke"],
            ]
            guard let code, !code.isEmpty else {
                var answer = Self.stream([event(request, partial: 0)])
                answer.steps[answer.steps.count - 1] = .reset
                return answer
            }
            return Self.stream([event(request, partial: 0), "event: error\ndata: \(error.text())\n\n"])
        case .url:
            return .json(200, #"{"created":1795226560,"data":[{"url":"http://\#(host)/files/\#(hex(prompt))"}]}"#)
        case .expiredURL:
            return .json(200, #"{"created":1795226560,"data":[{"url":"http://\#(host)/files/00?sig=expired"}]}"#)
        case .body(let bytes, let type): return .bytes(bytes, type: type)
        case .error(let status, let type, let code, let message, let param):
            return .json(
                status,
                envelope(type: type, code: code, message: message, param: param),
                headers: [("x-request-id", "req_scripted")]
            )
        case .limited(let headers):
            let body = envelope(
                type: "requests",
                code: "rate_limit_exceeded",
                message: "Rate limit reached for images per minute.",
                param: nil
            )
            return .json(429, body, headers: headers)
        case .text(let status, let text): return .json(status, JSONValue.object(["error": .string(text)]).text())
        case .page(let status):
            return .status(
                status,
                headers: [("Content-Type", "text/html")],
                body: Array("<html><body>Bad gateway</body></html>".utf8)
            )
        case .resetBefore, .resetAfter: return .reset
        case .cut(let count, let reset):
            let bodyCount = body(prompt).utf8.count
            return whole.truncated(to: whole.wireBytes.count - bodyCount + count, reset: reset)
        case .drip(let count, let pause): return whole.dripping(count, every: pause)
        case .held(let gate): return whole.after(gate)
        case .wire(let answer): return answer
        }
    }

    /// How many unfinished pictures a request asks for; nil where it asks for no stream.
    public nonisolated static func asked(_ request: ScriptedRequest) -> Int? {
        func field(_ name: String) -> String? {
            if let body = try? JSONValue.parse(request.body) { return body[name].map { $0.string ?? $0.text() } }
            return part(name, of: request).map { String(decoding: $0, as: UTF8.self) }
        }
        return field("stream") == "true" ? field("partial_images").flatMap { Int($0) } ?? 0 : nil
    }

    /// An unfinished picture of a prompt. The second one is so large that it goes by way of a file.
    public nonisolated static func partial(_ number: Int, of prompt: String) -> [UInt8] {
        TestPicture.png("\(prompt), unfinished \(number)", extra: number == 1 ? 270_000 : 0)
    }

    private static func event(_ request: ScriptedRequest, partial: Int? = nil) -> String {
        let prompt = prompt(of: request)
        let kind = request.path.hasSuffix("edits") ? "image_edit" : "image_generation"
        let name = partial == nil ? "\(kind).completed" : "\(kind).partial_image"
        let bytes = partial.map { Self.partial($0, of: prompt) } ?? picture(prompt)
        let more = partial.map { #""partial_image_index":\#($0)"# } ?? #""usage":\#(usage)"#
        let data =
            #"{"type":"\#(name)","b64_json":"\#(base64(bytes))","created_at":1795226560,"size":"1024x1024","quality":"medium","background":"opaque","output_format":"png",\#(more)}"#
        return "event: \(name)\ndata: \(data)\n\n"
    }

    /// A chunk for each event, and the gate after the first.
    private static func stream(_ events: [String], after gate: Gate? = nil) -> ScriptedAnswer {
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
        var steps: [ScriptedAnswer.Step] = [.send(Array(head.utf8))]
        for (number, event) in events.enumerated() {
            if number == 1, let gate { steps.append(.wait(gate)) }
            steps.append(.send(Array("\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n".utf8)))
        }
        return ScriptedAnswer(steps + [.send(Array("0\r\n\r\n".utf8))])
    }

    private nonisolated static let usage =
        #"{"input_tokens":10,"output_tokens":1056,"total_tokens":1066,"input_tokens_details":{"text_tokens":10,"image_tokens":0}}"#

    /// The JSON of a picture with its usage.
    public nonisolated static func body(_ prompt: String) -> String {
        #"{"created":1795226560,"data":[{"b64_json":"\#(base64(picture(prompt)))"}],"output_format":"png","quality":"medium","size":"1024x1024","usage":\#(usage)}"#
    }

    private nonisolated static func envelope(type: String, code: String?, message: String, param: String?) -> String {
        let error: JSONObject = [
            "message": .string(message), "type": .string(type), "param": param.map { .string($0) } ?? .null,
            "code": code.map { .string($0) } ?? .null,
        ]
        return JSONValue.object(["error": .object(error)]).text()
    }

    /// A prompt as part of a path, and back.
    private nonisolated static func hex(_ text: String) -> String {
        text.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    private nonisolated static func plain(_ hex: some StringProtocol) -> String {
        let digits = Array(hex.utf8)
        let bytes = stride(from: 0, to: digits.count - 1, by: 2)
            .compactMap { UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16) }
        return String(decoding: bytes, as: UTF8.self)
    }

    public nonisolated static func base64(_ bytes: [UInt8]) -> String { TestPicture.base64(bytes) }
}

extension OpenAIScript.Reply {
    /// Whether the server has worked by the time it answers.
    fileprivate var isMade: Bool {
        switch self {
        case .image, .stream, .brokenStream, .url, .expiredURL, .resetAfter, .cut, .drip, .held: true
        case .body, .error, .limited, .text, .page, .resetBefore, .wire: false
        }
    }
}
