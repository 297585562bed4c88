// What a function says to `/_edge/admit`.
internal import Digest
internal import EdgeHTTP
internal import JSON

/// A ticket for a job, or the function's own refusal for the caller.
enum AdmitAnswer: Equatable {
    case ticket(Ticket)
    /// A 4xx with its problem document, which the caller gets as it is.
    case refused(status: Int, contentType: String?, retryAfter: String?, body: [UInt8])

    /// - Throws: ``IsolateError/badAnswer(function:reason:)`` for what the protocol does not know.
    init(status: Int, headers: HTTPHeaders, body: [UInt8], function: String) throws(IsolateError) {
        switch status {
        case 200:
            self = .ticket(try Self.ticket(body, function))
        case 400...499:
            self = .refused(
                status: status,
                contentType: headers["Content-Type"],
                retryAfter: headers["Retry-After"],
                body: body
            )
        default:
            throw .badAnswer(function: function, reason: "it answered admit with \(status)")
        }
    }

    private static func ticket(_ body: [UInt8], _ function: String) throws(IsolateError) -> Ticket {
        let json: JSONValue
        do {
            json = try JSONValue.parse(body)
        } catch {
            throw .badAnswer(function: function, reason: "its ticket is no JSON: \(error)")
        }
        guard let input = json["input"], input.object != nil else {
            throw .badAnswer(function: function, reason: "its ticket has no object \"input\"")
        }
        let key = json["key"] ?? .null
        guard key.isNull || key.string.map({ (1...keyBytesMax).contains($0.utf8.count) }) == true else {
            throw .badAnswer(
                function: function,
                reason: "its ticket's \"key\" is not null or a string of 1 to \(keyBytesMax) bytes"
            )
        }
        let inputs = try inputs(json["inputs"], function)
        do {
            return Ticket(
                input: input.encoded(),
                key: key.string.map { cacheKey($0, function) },
                lanes: try LaneSet(json, function: function),
                isFresh: json["fresh"]?.bool ?? false,
                inputs: inputs
            )
        } catch {
            throw .badAnswer(function: function, reason: "its ticket cannot be used: \(error.reason)")
        }
    }

    /// Names of pictures: the host looks for them before there is a job.
    private static func inputs(_ value: JSONValue?, _ function: String) throws(IsolateError) -> JobInputs {
        guard let value, !value.isNull else { return JobInputs() }
        let names = (value.array ?? []).compactMap(\.string)
        guard names.count == value.array?.count, names.count <= Picture.countMax,
            names.allSatisfy({ $0.isHex(count: 64) })
        else {
            throw .badAnswer(
                function: function,
                reason: "its ticket's \"inputs\" is no array of at most \(Picture.countMax) SHA-256 names"
            )
        }
        return JobInputs(names: names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } })
    }

    private static let keyBytesMax = 1024

    /// Functions do not know of each other's keys, and a key names a file.
    static func cacheKey(_ key: String, _ function: String) -> String {
        SHA256.hex(of: "\(function)\n\(key)")
    }
}
