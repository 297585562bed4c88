// The inside of a scripted Civitai: takes workflows, remembers their ids, charges Buzz, and hands out bytes.
internal import EdgeLoop
internal import JSON

@LoopActor
final class CivitaiDesk {
    private struct Workflow {
        let id: String
        let json: JSONValue
        let play: CivitaiPlay
        let hidesMature: Bool
        var asked = 0
        var fetched = 0
        var isFresh = false
        var isCanceled = false

        var input: JSONValue { json["steps"]?.array?.first?["input"] ?? .null }
        var prompt: String { input["prompt"]?.string ?? "" }
        var externalID: String { json["externalId"]?.string ?? "" }
    }

    var url = ""
    var keys: Set<String> = [CivitaiScript.key]
    var account: JSONValue = [
        "id": 12345, "username": "ada", "tier": "free", "status": "active", "isMember": false, "subscriptions": [],
    ]
    /// What trials say of the account's Buzz; nil: nothing.
    var lacksBuzz: JSONValue? = false
    private(set) var sent: [JSONValue] = []
    private(set) var sentKeys: [String] = []
    private(set) var trials: [JSONValue] = []
    private(set) var taken: [String] = []
    private(set) var questions = 0
    private(set) var fetches = 0
    private(set) var refreshes = 0
    private(set) var checks = 0
    private(set) var checkKeys: [String] = []
    private(set) var canceled: [String] = []
    private(set) var paid: [String: Int] = [:]
    private(set) var paidByPrompt: [String: Int] = [:]
    let changes = Changes()
    private var workflows: [Workflow] = []
    private var news = 0
    private let choose: @LoopActor (Int, String) -> CivitaiPlay

    init(_ choose: @escaping @LoopActor (Int, String) -> CivitaiPlay) { self.choose = choose }

    func answer(_ request: ScriptedRequest) -> ScriptedAnswer {
        if request.path.hasPrefix("/signed/") { return bytes(request) }
        let key = String((request.header("authorization") ?? "").dropFirst("Bearer ".count))
        if request.path == "/api/v1/me" {
            checks += 1
            checkKeys.append(key)
            guard keys.contains(key) else { return .json(401, #"{"error":"Unauthorized"}"#) }
            return .json(200, account.text())
        }
        guard keys.contains(key) else { return CivitaiScript.problem(401, "Unauthorized") }
        let parts = request.path.split(separator: "/").map(String.init)
        switch (request.method, parts.dropFirst(2).first, parts.dropFirst(3).first, parts.dropFirst(4).first) {
        case ("POST", "workflows", nil, nil): return submit(request, key)
        case ("GET", "workflows", nil, nil): return search(request)
        case ("GET", "workflows", let id?, nil): return question(id)
        case ("PUT", "workflows", let id?, nil): return cancel(id)
        case ("POST", "blobs", let id?, "refresh"): return refresh(id)
        default: return CivitaiScript.problem(404, "Not Found")
        }
    }

    private func submit(_ request: ScriptedRequest, _ key: String) -> ScriptedAnswer {
        guard let json = try? JSONValue.parse(request.body),
            let input = json["steps"]?.array?.first?["input"], json["currencies"]?.array != nil
        else { return CivitaiScript.problem(400, "One or more validation errors occurred.") }
        guard !request.query.contains("whatif=true") else {
            trials.append(json)
            var transactions: JSONObject = ["list": []]
            transactions["insufficientBuzz"] = lacksBuzz
            let cost: JSONValue = ["base": 8, "tips": ["civitai": 0, "creators": 0], "total": 8]
            return .json(200, JSONValue.object(["cost": cost, "transactions": .object(transactions)]).text())
        }
        sent.append(json)
        sentKeys.append(key)
        defer { changes.notify() }
        let externalID = json["externalId"]?.string ?? ""
        if let index = workflows.firstIndex(where: { $0.externalID == externalID }) {
            return workflow(index, 202)  // the one that there is already
        }
        news += 1
        let play = choose(news, input["prompt"]?.string ?? "")
        if case .refused(let answer) = play.arrival { return answer }
        let hides = request.query.contains("hideMatureContent=true")
        workflows.append(Workflow(id: "wf_\(news)", json: json, play: play, hidesMature: hides))
        let index = workflows.count - 1
        taken.append(externalID)
        switch play.fate {
        case .made, .blocked, .rated:
            paid[externalID, default: 0] += 1
            paidByPrompt[workflows[index].prompt, default: 0] += 1
        case .never, .ends: break
        }
        switch play.arrival {
        case .answered, .refused: return workflow(index, 202, status: "unassigned")
        case .finished: return workflow(index, 200)
        case .taken(let answer): return answer
        case .cut(let count, let reset):
            return workflow(index, 202, status: "unassigned").truncated(to: count, reset: reset)
        case .held(let gate): return workflow(index, 202, status: "unassigned").after(gate)
        case .slow(let time): return workflow(index, 202, status: "unassigned").after(time)
        }
    }

    private func question(_ id: String) -> ScriptedAnswer {
        questions += 1
        guard let index = workflows.firstIndex(where: { $0.id == id }) else {
            return CivitaiScript.problem(404, "Not Found")
        }
        workflows[index].asked += 1
        let (asked, play) = (workflows[index].asked, workflows[index].play)
        if asked <= play.questionAnswers.count, let answer = play.questionAnswers[asked - 1] { return answer }
        if let ready = play.ready, !ready.isOpen {
            return workflow(index, 202, status: play.statuses.last ?? "processing")
        }
        return asked <= play.statuses.count
            ? workflow(index, 202, status: play.statuses[asked - 1]) : workflow(index, 200)
    }

    private func search(_ request: ScriptedRequest) -> ScriptedAnswer {
        let found = workflows.filter { request.query.contains("tags=\($0.externalID)") }
        let items = found.map { JSONValue.object(["id": .string($0.id), "externalId": .string($0.externalID)]) }
        return .json(200, JSONValue.object(["next": nil, "items": .array(items)]).text())
    }

    private func cancel(_ id: String) -> ScriptedAnswer {
        guard let index = workflows.firstIndex(where: { $0.id == id }) else {
            return CivitaiScript.problem(404, "Not Found")
        }
        workflows[index].isCanceled = true
        canceled.append(id)
        changes.notify()
        return .status(204)
    }

    private func refresh(_ blob: String) -> ScriptedAnswer {
        refreshes += 1
        guard let index = workflows.firstIndex(where: { "blob_\($0.id)" == blob }) else {
            return CivitaiScript.problem(404, "Not Found")
        }
        workflows[index].isFresh = true
        return .json(200, image(index).text())
    }

    /// - Parameter status: nil: how it ends.
    private func workflow(_ index: Int, _ code: Int, status: String? = nil) -> ScriptedAnswer {
        let workflow = workflows[index]
        var step: JSONObject = ["$type": "textToImage", "name": "image"]
        var charged: Int64 = 8
        var job: JSONObject = ["id": "job_1", "cost": 1]
        var status = status
        if status == nil {
            switch workflow.play.fate {
            case .made, .rated, .blocked:
                status = "succeeded"
                let name = workflow.play.isUnderBlobs ? "blobs" : "images"
                step["output"] = .object([name: [image(index)], "errors": []])
            case .never: status = workflow.isCanceled ? "canceled" : "processing"
            case .ends(let end, let reason):
                status = end
                charged = 0
                job["reason"] = reason.map { .string($0) }
            }
        }
        switch status {
        case "preparing":
            step["preparation"] = [
                "resource": workflow.input["model"] ?? "", "queuePosition": 0, "progress": 0.4, "etaSeconds": 25,
            ]
        case "processing": step["estimatedProgressRate"] = 0.5
        default: break
        }
        let word = JSONValue.string(status ?? "")
        job["status"] = word
        step["status"] = word
        step["jobs"] = [.object(job)]
        var list: [JSONValue] = [["type": "debit", "amount": 8, "accountType": "blue", "id": "t1"]]
        if charged == 0 { list.append(["type": "credit", "amount": 8, "accountType": "blue", "id": "t2"]) }
        let json: JSONValue = [
            "id": .string(workflow.id), "status": word, "createdAt": "2026-01-02T03:04:05Z",
            "externalId": .string(workflow.externalID),
            "cost": ["base": 8, "tips": ["civitai": 0, "creators": 0], "total": 8],
            "transactions": ["list": .array(list)], "steps": [.object(step)],
        ]
        return .json(code, json.text())
    }

    private func image(_ index: Int) -> JSONValue {
        let workflow = workflows[index]
        var image: JSONObject = ["type": "image", "id": .string("blob_\(workflow.id)"), "width": 8, "height": 8]
        var isHidden = false
        switch workflow.play.fate {
        case .blocked(let reason):
            image["available"] = false
            image["blockedReason"] = .string(reason)
            image["url"] = .string("\(url)/signed/\(workflow.id)")
            return .object(image)
        case .rated(let level):
            image["nsfwLevel"] = .string(level)
            isHidden = workflow.hidesMature
        default: image["nsfwLevel"] = "pg"
        }
        image["available"] = true
        if !isHidden {
            let kind = workflow.play.isExpiring && !workflow.isFresh ? "old" : "new"
            image["url"] = .string("\(url)/signed/\(workflow.id)?sig=\(kind)&exp=\(workflow.asked)")
            image["urlExpiresAt"] = "2026-01-02T03:04:05Z"
        }
        return .object(image)
    }

    private func bytes(_ request: ScriptedRequest) -> ScriptedAnswer {
        fetches += 1
        guard request.header("authorization") == nil else {
            return .status(418, body: Array("the key must not come here".utf8))
        }
        let id = request.path.split(separator: "/").last.map(String.init) ?? ""
        guard let index = workflows.firstIndex(where: { $0.id == id }) else { return CivitaiScript.page(404) }
        workflows[index].fetched += 1
        let (fetched, play) = (workflows[index].fetched, workflows[index].play)
        if fetched <= play.fetchAnswers.count, let answer = play.fetchAnswers[fetched - 1] { return answer }
        guard !request.query.contains("sig=old") else { return .status(403) }
        return .bytes(CivitaiScript.picture(workflows[index].prompt), type: "image/png")
    }
}
