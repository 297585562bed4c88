// A file that another program has dropped into jobs/inbox: which function it asks, and what.
internal import JSON

/// `{"function": "generate", "request": {"prompt": "a fox"}}`; `input` is another name for `request`.
struct InboxRequest: Equatable, Sendable {
    let function: String
    /// What a client would send to the function.
    let fields: JSONObject

    /// Why a file is no request.
    struct Mistake: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    init(_ bytes: [UInt8]) throws(Mistake) {
        let value: JSONValue
        do {
            value = try JSONValue.parse(bytes)
        } catch {
            throw Mistake(description: bytes.isEmpty ? "the file is empty" : "the file is no JSON: \(error)")
        }
        guard let object = value.object else { throw Mistake(description: "the file is JSON but no object") }
        guard let function = object["function"]?.string else {
            throw Mistake(description: "\"function\" is missing or no string; name a job function")
        }
        if let key = object.keys.first(where: { !["function", "request", "input"].contains($0) }) {
            throw Mistake(description: "there is no \"\(key)\" in a dropped file; write \"function\" and \"request\"")
        }
        guard (object["request"] == nil) != (object["input"] == nil),
            let fields = (object["request"] ?? object["input"])?.object
        else { throw Mistake(description: "\"request\" has to be one object: what a client would send") }
        self.function = function
        self.fields = fields
    }
}

/// A dropped file. Its name is the key of its job, so a name is good for one content.
struct InboxFile: Equatable, Sendable {
    let name: String
    /// The SHA-256 of its content.
    let digest: String
    let request: InboxRequest

    var mark: IdempotencyMark { IdempotencyMark(name, scope: "inbox", function: "", body: [Array(digest.utf8)]) }
}
