// Reads an answer of Runware, whatever its status: results, errors, or neither.
internal import JSON
internal import Providers

/// What one answer says of one task.
struct RunwareReply: Sendable {
    let reply: ProviderReply
    let task: TaskUUID
    /// False for HTML, an empty body or JSON that ends too early: then only the status says anything.
    let isReadable: Bool
    /// What belongs to the task. One element for each result, or an acknowledgement.
    let elements: [RunwareElement]
    /// Those of the task, and those that name none.
    let faults: [RunwareFault]

    static let elementsMax = 64

    init(_ reply: ProviderReply, of task: TaskUUID) {
        self.reply = reply
        self.task = task
        let json = reply.json
        let data = Self.list(json?["data"])
        let errors = Self.list(json?["errors"]) + Self.list(json?["error"])
        isReadable = json?["data"] != nil || !errors.isEmpty
        // An element or error of another task is none of ours, though it came in the same answer.
        func isOurs(_ uuid: String?) -> Bool { uuid.map { task.isNamed(by: $0) } ?? true }
        elements = data.filter { isOurs($0["taskUUID"]?.string) }.map { RunwareElement($0) }
        let inside = elements.compactMap { element in
            element.state == .failed
                ? RunwareFault(element.json["error"] ?? element.json, inside: task.description) : nil
        }
        faults = inside + errors.map { RunwareFault($0) }.filter { isOurs($0.taskUUID) }
    }

    /// The finished results, each once: later answers repeat earlier ones.
    var results: [RunwareElement] {
        var seen: Set<String> = []
        return elements.filter { element in
            element.state == .made && element.uuid.map { seen.insert($0).inserted } ?? true
        }
    }

    /// What all results cost together, in micro-dollars; nil where none says.
    var cost: Int64? {
        let costs = results.compactMap(\.cost)
        return costs.isEmpty ? nil : costs.reduce(0) { $0.addingReportingOverflow($1).partialValue }
    }

    /// 0 to 1, where the answer tells.
    var progress: Double? { elements.compactMap(\.progress).first }

    private static func list(_ value: JSONValue?) -> [JSONValue] {
        switch value {
        case .array(let list): Array(list.prefix(elementsMax))
        case nil, .null: []
        case let one?: [one]
        }
    }
}
