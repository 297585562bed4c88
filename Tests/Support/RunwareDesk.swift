// The inside of a scripted Runware: takes tasks, remembers them, answers questions and hands out bytes.
internal import EdgeLoop
internal import JSON

@LoopActor
final class RunwareDesk {
    private struct Task {
        let json: JSONValue
        let play: RunwarePlay
        var asked = 0
        var fetched = 0

        var isVideo: Bool { json["taskType"]?.string == "videoInference" }
        var prompt: String { json["positivePrompt"]?.string ?? "" }
    }

    var url = ""
    var balance: JSONValue? = ["amount": 12.34, "freeBalance": 1, "currency": "USD"]
    /// The keys that are taken.
    var keys: Set<String> = [RunwareScript.key]
    private(set) var sent: [JSONValue] = []
    /// The key of each task in `sent`.
    private(set) var sentKeys: [String] = []
    private(set) var questionKeys: Set<String> = []
    private(set) var taken: [String] = []
    private(set) var questions = 0
    private(set) var fetches = 0
    private(set) var checks = 0
    private(set) var paid: [String: Int] = [:]
    private(set) var paidByPrompt: [String: Int] = [:]
    let changes = Changes()
    private var tasks: [String: Task] = [:]
    private var refusedIDs: Set<String> = []
    private var news = 0
    private let remembersRefused: Bool
    private let choose: @LoopActor (Int, String) -> RunwarePlay

    init(remembersRefused: Bool, _ choose: @escaping @LoopActor (Int, String) -> RunwarePlay) {
        self.remembersRefused = remembersRefused
        self.choose = choose
    }

    func answer(_ request: ScriptedRequest) -> ScriptedAnswer {
        guard request.method == "POST" else { return bytes(request) }
        let key = String((request.header("authorization") ?? "").dropFirst("Bearer ".count))
        guard keys.contains(key) else {
            return RunwareScript.error("invalidApiKey", status: 401)
        }
        guard let list = (try? JSONValue.parse(request.body))?.array, let task = list.first, list.count == 1,
            let id = task["taskUUID"]?.string, Self.isVersion4(id)
        else { return RunwareScript.error("invalidTaskUUID", more: #","parameter":"taskUUID""#) }
        switch task["taskType"]?.string {
        case "imageInference", "videoInference":
            sentKeys.append(key)
            return begin(task, id)
        case "getResponse":
            questionKeys.insert(key)
            return question(id)
        case "accountManagement":
            checks += 1
            guard let balance else { return RunwareScript.error("errorRetrievingAccountManagement") }
            return data([["taskType": "accountManagement", "taskUUID": .string(id), "balance": balance]])
        case "ping":
            checks += 1
            return data([["taskType": "ping", "pong": true]])
        default: return RunwareScript.error("unsupportedTaskType", more: #","parameter":"taskType""#)
        }
    }

    private func begin(_ json: JSONValue, _ id: String) -> ScriptedAnswer {
        sent.append(json)
        defer { changes.notify() }
        guard tasks[id] == nil, !refusedIDs.contains(id) else {
            return RunwareScript.error("conflictTaskUUID", more: #","parameter":"taskUUID","taskUUID":"\#(id)""#)
        }
        news += 1
        let play = choose(news, json["positivePrompt"]?.string ?? "")
        switch play.arrival {
        case .refused(let answer):
            if remembersRefused { refusedIDs.insert(id) }
            return answer
        case .refusedBy(let code, let status, let more):
            if remembersRefused { refusedIDs.insert(id) }
            let more = more.isEmpty ? "" : "," + more
            return RunwareScript.error(code, status: status, more: #","taskUUID":"\#(id)""# + more)
        case .taken(let answer):
            take(json, id, play)
            return answer
        case .answered:
            take(json, id, play)
            return acknowledgement(id)
        case .held(let gate):
            take(json, id, play)
            return acknowledgement(id).after(gate)
        case .slow(let time):
            take(json, id, play)
            return acknowledgement(id).after(time)
        case .cut(let count, let reset):
            take(json, id, play)
            return acknowledgement(id).truncated(to: count, reset: reset)
        }
    }

    private func take(_ json: JSONValue, _ id: String, _ play: RunwarePlay) {
        let task = Task(json: json, play: play)
        tasks[id] = task
        taken.append(id)
        switch play.fate {
        case .made, .unsafe:
            paid[id, default: 0] += 1
            paidByPrompt[task.prompt, default: 0] += 1
        case .never, .fails: break
        }
    }

    /// The answer to a task that was taken: the result itself where it was asked for at once.
    private func acknowledgement(_ id: String) -> ScriptedAnswer {
        guard let task = tasks[id] else { return data([]) }
        if task.json["deliveryMethod"]?.string == "sync" { return outcome(id, task) }
        return data([["taskType": task.json["taskType"] ?? "", "taskUUID": .string(id)]])
    }

    private func question(_ id: String) -> ScriptedAnswer {
        questions += 1
        guard var task = tasks[id] else { return data([]) }  // a task that is not known answers like one at work
        task.asked += 1
        tasks[id] = task
        let scripted = task.play.questionAnswers
        if task.asked <= scripted.count, let answer = scripted[task.asked - 1] { return answer }
        if let ready = task.play.ready, !ready.isOpen {
            return data([element(id, task, ["status": "processing", "progress": 50])])
        }
        guard task.asked > task.play.pollCount else {
            let percent = 100 * task.asked / task.play.pollCount
            return data([element(id, task, ["status": "processing", "progress": .integer(Int64(percent))])])
        }
        return outcome(id, task)
    }

    private func outcome(_ id: String, _ task: Task) -> ScriptedAnswer {
        switch task.play.fate {
        case .never: return data([element(id, task, ["status": "processing"])])
        case .fails(let code, inside: true):
            let error: JSONValue = ["code": .string(code), "message": .string("it says \(code)")]
            return data([element(id, task, ["status": "error", "error": error])])
        case .fails(let code, inside: false): return RunwareScript.error(code, more: #","taskUUID":"\#(id)""#)
        case .made, .unsafe: break
        }
        let kind = task.isVideo ? "video" : "image"
        var result: JSONObject = ["status": "success", "\(kind)UUID": .string(String(id.reversed()))]
        if task.json["outputType"]?.string == "base64Data" {
            result["imageBase64Data"] = .string(Self.base64(RunwareScript.picture(task.prompt)))
        } else {
            result["\(kind)URL"] = .string("\(url)/\(kind)/\(id).\(task.isVideo ? "mp4" : "png")?asked=\(task.asked)")
        }
        result["seed"] = task.json["seed"] ?? 2_817_364_501
        if task.json["includeCost"]?.bool == true { result["cost"] = .double(RunwareScript.cost) }
        if task.json["safety"]?["checkContent"]?.bool == true {
            if case .unsafe = task.play.fate { result["NSFWContent"] = true } else { result["NSFWContent"] = false }
        }
        let made = element(id, task, result)
        guard task.play.isMixed else { return data([made, made]) }  // the same result may come again
        let other = "00000000-0000-4000-8000-000000000000"
        let body: JSONValue = [
            "data": [
                ["taskType": "imageInference", "taskUUID": .string(other), "imageURL": "http://192.0.2.1/x"], made,
            ],
            "errors": [["code": "invalidWidth", "message": "of another task", "taskUUID": .string(other)]],
        ]
        return .json(400, body.text())
    }

    private func bytes(_ request: ScriptedRequest) -> ScriptedAnswer {
        fetches += 1
        guard request.header("authorization") == nil else {
            return .status(418, body: Array("the key must not come here".utf8))
        }
        let name = request.path.split(separator: "/").last?.split(separator: ".").first.map(String.init) ?? ""
        guard var task = tasks[name] else { return RunwareScript.page(404) }
        task.fetched += 1
        tasks[name] = task
        let scripted = task.play.fetchAnswers
        if task.fetched <= scripted.count, let answer = scripted[task.fetched - 1] { return answer }
        return task.isVideo
            ? .bytes(RunwareScript.video(task.prompt), type: "video/mp4")
            : .bytes(RunwareScript.picture(task.prompt), type: "image/png")
    }

    private func element(_ id: String, _ task: Task, _ members: JSONObject) -> JSONValue {
        var element: JSONObject = ["taskType": task.json["taskType"] ?? "", "taskUUID": .string(id)]
        for member in members.members { element[member.key] = member.value }
        return .object(element)
    }

    private func data(_ elements: [JSONValue]) -> ScriptedAnswer {
        .json(200, JSONValue.object(["data": .array(elements)]).text())
    }

    private static func isVersion4(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.map(\.utf8.count) == [8, 4, 4, 4, 12] && parts[2].hasPrefix("4")
            && parts.joined().allSatisfy(\.isHexDigit)
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for at in stride(from: 0, to: bytes.count, by: 3) {
            let three = bytes[at..<min(at + 3, bytes.count)]
            let word = three.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - three.count))
            for place in 0..<4 { text.append(place <= three.count ? letters[word >> (18 - 6 * place) & 63] : "=") }
        }
        return text
    }
}
