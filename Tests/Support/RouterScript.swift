// A stand-in for Hugging Face's router with one provider behind it, written from its fact sheet, that counts what it is asked.
public import EdgeLoop
internal import JSON

/// The Hub, the router and, on another port, the host of the results.
@LoopActor
public final class RouterScript {
    public enum Served: String, Sendable, CaseIterable {
        case hfInference = "hf-inference"
        case falAI = "fal-ai"
        case nscale, novita, replicate, together, wavespeed
        case zaiOrg = "zai-org"
    }

    /// What goes wrong.
    public enum Fault: Sendable, Equatable {
        case none
        /// The call that makes it is answered with this, in the provider's own shape.
        case refusal(Int, String)
        /// The connection is reset before the provider has begun.
        case resetBefore
        /// The same after it has begun.
        case resetAfter
        /// The call that makes it is never answered.
        case silent
        /// The first look is refused for so many seconds.
        case limited(Int)
        /// The answer to the call that makes it ends too early.
        case truncated
        /// The first of each look and each fetch is reset.
        case shaky
        /// The result is of another type.
        case wrongType
        /// The result's address is not valid any more.
        case expired
        case fails(String)
        case never
        case unsafe
        /// Where to look is named as this.
        case leads(String)
    }

    public let served: Served
    public let isVideo: Bool
    public let fault: Fault
    /// Looks that find it unfinished.
    public let looksNeeded: Int
    public let router: ScriptedUpstream
    public let results: ScriptedUpstream
    private let record = Record()
    /// What the router answers: for tests that put several behind one address.
    public let answer: @LoopActor (ScriptedRequest) -> ScriptedAnswer

    @LoopActor
    private final class Record {
        var makes: [ScriptedRequest] = []
        var begun = 0
        var looks: [ScriptedRequest] = []
        var cancels: [ScriptedRequest] = []
        var fetches: [ScriptedRequest] = []
    }

    public nonisolated static let model = "acme/painter"
    public nonisolated static let picture = TestPicture.png("routed")
    public nonisolated static let video: [UInt8] =
        [0, 0, 0, 16] + Array("ftypisom".utf8) + [0, 0, 0, 0] + [0, 0, 0, 8] + Array("moov".utf8)
        + [0, 0, 0, 12] + Array("mdat".utf8) + [1, 2, 3, 4]

    /// Calls that ask for something to be made.
    public var makes: [ScriptedRequest] { record.makes }
    /// How often the provider has begun, and charges.
    public var begun: Int { record.begun }
    public var looks: [ScriptedRequest] { record.looks }
    public var cancels: [ScriptedRequest] { record.cancels }
    public var fetches: [ScriptedRequest] { record.fetches }

    /// - Parameters:
    ///   - task: as the Hub's mapping has it.
    ///   - ready: every look finds it unfinished until it opens.
    ///   - spoiling: asked at each fetch of a result, for an answer in place of it.
    public init(
        _ served: Served,
        task: String = "text-to-image",
        providerID: String = "their/painter",
        fault: Fault = .none,
        looksNeeded: Int = 1,
        ready: Gate? = nil,
        spoiling: @escaping @LoopActor () -> ScriptedAnswer? = { nil }
    ) throws {
        self.served = served
        self.fault = fault
        self.looksNeeded = looksNeeded
        let isVideo = task.hasSuffix("video")
        self.isVideo = isVideo
        results = try ScriptedUpstream { [record] request in
            record.fetches.append(request)
            if let answer = spoiling() { return answer }
            switch fault {
            case .expired: return .status(403, body: Array("<Error><Code>AccessDenied</Code></Error>".utf8))
            case .shaky where record.fetches.count == 1: return .reset
            case .wrongType: return .bytes(isVideo ? RouterScript.picture : RouterScript.video, type: "image/png")
            default: return .bytes(isVideo ? RouterScript.video : RouterScript.picture, type: "image/jpeg")
            }
        }
        let play = Play(
            served: served,
            isVideo: isVideo,
            fault: fault,
            looksNeeded: looksNeeded,
            url: results.url + "/x.png"
        )
        answer = { [record] request in
            switch request.method {
            case "GET" where request.path.hasPrefix("/api/models/"):
                return .json(200, play.mapping(task: task, providerID: providerID).text())
            case "GET":
                record.looks.append(request)
                if fault == .shaky, record.looks.count == 1 { return .reset }
                if case .limited(let seconds) = fault, record.looks.count == 1 {
                    return .json(429, #"{"error":"Rate limit reached"}"#, headers: [("Retry-After", "\(seconds)")])
                }
                return play.look(request, number: ready.map { $0.isOpen } ?? true ? record.looks.count : 0)
            case "POST" where !request.path.hasSuffix("/cancel"):
                record.makes.append(request)
                if fault == .resetBefore { return .reset }
                if case .refusal(let status, let text) = fault { return play.refusal(status, text) }
                record.begun += 1
                let answer = play.begun()
                if fault == .resetAfter { return .reset }
                if fault == .silent { return .silence }
                return fault == .truncated ? answer.truncated(to: answer.wireBytes.count - 20) : answer
            default:
                record.cancels.append(request)
                return .status(202)
            }
        }
        router = try ScriptedUpstream(answer)
    }
}

/// What each provider says.
private struct Play: Sendable {
    let served: RouterScript.Served
    let isVideo: Bool
    let fault: RouterScript.Fault
    let looksNeeded: Int
    let url: String

    func mapping(task: String, providerID: String) -> JSONValue {
        [
            "id": "acme/painter",
            "inferenceProviderMapping": [
                served.rawValue: ["status": "live", "providerId": .string(providerID), "task": .string(task)]
            ],
        ]
    }

    func refusal(_ status: Int, _ text: String) -> ScriptedAnswer {
        let said = JSONValue.string(text)
        switch served {
        case .falAI:
            return .json(status, (["detail": [["loc": ["body"], "msg": said, "type": "x"]]] as JSONValue).text())
        case .replicate:
            let body: JSONValue = [
                "title": "Input validation failed", "detail": said, "status": .integer(Int64(status)),
            ]
            return .status(
                status,
                headers: [("Content-Type", "application/problem+json")],
                body: body.encoded()
            )
        case .hfInference: return .json(status, (["error": said] as JSONValue).text())
        default:
            return .json(
                status,
                (["id": "r1", "error": ["message": said, "type": "invalid_request"]] as JSONValue).text()
            )
        }
    }

    func begun() -> ScriptedAnswer {
        if !isVideo, served == .together || served == .nscale {
            let base64 = TestPicture.base64(fault == .wrongType ? RouterScript.video : RouterScript.picture)
            return .json(200, (["data": [["index": 0, "b64_json": .string(base64)]]] as JSONValue).text())
        }
        switch served {
        case .hfInference:
            return .bytes(fault == .wrongType ? RouterScript.video : RouterScript.picture, type: "image/jpeg")
        case .novita: return .json(200, (["video": ["video_url": .string(url)]] as JSONValue).text())
        case .falAI:
            let path = leads ?? "https://queue.fal.run/fal-ai/their/requests/1f"
            return .json(
                200,
                ([
                    "status": "IN_QUEUE", "request_id": "1f", "response_url": .string(path),
                    "cancel_url": "https://queue.fal.run/fal-ai/their/requests/1f/cancel",
                ] as JSONValue).text()
            )
        case .replicate: return .json(201, task(isDone: false).text())
        default: return .json(200, task(isDone: false).text())
        }
    }

    private var leads: String? { if case .leads(let address) = fault { address } else { nil } }

    func look(_ request: ScriptedRequest, number: Int) -> ScriptedAnswer {
        let isDone = fault != .never && number > looksNeeded
        guard served == .falAI else { return .json(200, task(isDone: isDone).text()) }
        if request.path.hasSuffix("/status") {
            return .json(200, (["status": isDone ? "COMPLETED" : "IN_PROGRESS"] as JSONValue).text())
        }
        if case .fails(let text) = fault { return .json(422, (["detail": .string(text)] as JSONValue).text()) }
        if isVideo { return .json(200, (["video": ["url": .string(url)]] as JSONValue).text()) }
        return .json(
            200,
            ([
                "images": [["url": .string(url), "content_type": "image/jpeg"]], "seed": 99,
                "has_nsfw_concepts": [.bool(fault == .unsafe)],
            ] as JSONValue).text()
        )
    }

    private func task(isDone: Bool) -> JSONValue {
        var failure: String?
        if isDone, case .fails(let text) = fault { failure = text }
        if isDone, fault == .unsafe { failure = "NSFW content detected" }
        let isMade = isDone && failure == nil
        let status = failure != nil ? "failed" : isDone ? "succeeded" : "processing"
        let error: JSONValue = failure.map { .string($0) } ?? .null
        switch served {
        case .replicate:
            let get = leads ?? "https://api.replicate.com/v1/predictions/p1"
            return [
                "id": "p1", "status": .string(status), "error": error,
                "output": isMade ? (isVideo ? .string(url) : [.string(url)]) : .null,
                "urls": ["get": .string(get), "cancel": "https://api.replicate.com/v1/predictions/p1/cancel"],
            ]
        case .wavespeed:
            let get = leads ?? "https://api.wavespeed.ai/api/v3/predictions/w1/result"
            return [
                "data": [
                    "id": "w1", "status": .string(isMade ? "completed" : status), "urls": ["get": .string(get)],
                    "outputs": isMade ? [.string(url)] : [], "error": failure.map { .string($0) } ?? "",
                ]
            ]
        case .zaiOrg:
            var json: JSONObject = ["id": .string(leads ?? "z-1")]
            json["task_status"] = failure != nil ? "FAIL" : isMade ? "SUCCESS" : "PROCESSING"
            if isMade { json["image_result"] = [["url": .string(url)]] }
            if let failure { json["error"] = ["message": .string(failure)] }
            return .object(json)
        default:  // together's videos
            var json: JSONObject = ["id": .string(leads ?? "v-1")]
            json["status"] = .string(isMade ? "completed" : failure != nil ? "failed" : "in_progress")
            if isMade { json["outputs"] = ["video_url": .string(url)] }
            if let failure { json["error"] = ["message": .string(failure)] }
            return .object(json)
        }
    }
}
