// A problem as headers and body.
package import JSON
internal import Limits

extension Problem {
    /// The document.
    ///
    /// - Parameter requestID: the id under which the log has this request.
    package func document(requestID: String) -> JSONObject {
        var document: JSONObject = [
            "type": more["type"] ?? "about:blank", "title": more["title"] ?? .string(StatusTitle.of(status)),
            "status": .integer(Int64(status)), "detail": .string(message), "code": .string(code),
            "message": .string(message),
            "error": .string(message),  // Python clients show this member, and it must be a string
        ]
        if status == 401 { document["msg"] = .string(message) }  // where Supabase has its text on token failures
        document["requestId"] = .string(requestID)
        document["retryAfter"] = retryAfter.map { .integer(Int64($0)) }
        document["field"] = field.map { .string($0) }
        if !errors.isEmpty {
            document["errors"] = .array(errors.map { ["field": .string($0.field), "message": .string($0.message)] })
        }
        for member in more.members where document[member.key] == nil { document[member.key] = member.value }
        return document
    }

    /// The document's bytes.
    package func body(requestID: String) -> [UInt8] {
        JSONValue.object(document(requestID: requestID)).encoded()
    }

    /// The headers, besides those that every answer gets (CORS, X-Request-Id).
    ///
    /// The type is `application/json`, not `application/problem+json`: Supabase clients take only that for JSON
    /// (facts/supabase.md 2 and 7), and a client that knows RFC 9457 reads the same members either way.
    package var headers: [(name: String, value: String)] {
        var headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
        if let retryAfter { headers.append(("Retry-After", "\(retryAfter)")) }
        if let rateLimit { headers += rateLimit.headers }
        if status == 401 { headers.append(("WWW-Authenticate", "Bearer")) }  // RFC 9110 wants it there
        if !allow.isEmpty { headers.append(("Allow", allow.joined(separator: ", "))) }
        if status == 406 { headers.append(("Vary", AnswerChoice.vary)) }  // another Accept gets another answer
        if let fault {
            headers.append(("SB-Error-Code", fault.rawValue))
            if fault != .notFound {  // JavaScript and Swift clients look for the first, Python for the second
                headers.append(("X-Relay-Error", "true"))
                headers.append(("X-Relay-Header", "true"))
            }
        }
        return headers
    }
}
