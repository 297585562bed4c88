// Admission that waits for nothing, and so costs no task: a small request is answered while it is still where it was received.

/// A job function that needs no more of a request than ``AskedRequest`` has, and waits for nothing to judge it.
@LoopActor
package protocol PromptAdmission: JobFunction {
    /// In place of ``JobFunction/admit(_:)`` for requests whose body came with them.
    /// - Throws: as that.
    func admit(_ asked: AskedRequest) throws -> Ticket
}

/// What a caller asked, as far as admission usually needs it.
package struct AskedRequest: Sendable {
    package var method: String
    /// Path and query; the path is below the function's own.
    package var target: String
    package var contentType: String?
    /// As ``Request/ownTokens``.
    package var ownTokens: [String]
    /// Whether the caller may have what is not safe for work.
    package var allowsNSFW: Bool
    package var body: [UInt8]

    /// - Parameter request: of the caller, as ``JobFunction/admit(_:)`` gets it.
    package init(_ request: Request, body: [UInt8]) {
        method = request.method
        target = request.target
        contentType = request.headers["Content-Type"]
        ownTokens = request.ownTokens
        allowsNSFW = request.headers["Edge-Nsfw"] != "false"
        self.body = body
    }

    /// - Parameter view: the host's call.
    init(_ view: borrowing HTTPRequestView) {
        method = view.text("edge-method") ?? "POST"
        target = view.text("edge-target") ?? "/"
        contentType = view.text("content-type")
        ownTokens = view.text("edge-own-tokens").map(Request.ownTokens) ?? []
        allowsNSFW = view.header("edge-nsfw").map { !$0.elementsEqual("false".utf8) } ?? true
        body = Array(view.body)
    }
}

extension HTTPRequestView {
    func text(_ lowercaseName: StaticString) -> String? {
        header(lowercaseName).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether it is the host's call for admission.
    var asksForAdmission: Bool {
        method.elementsEqual("POST".utf8) && target.elementsEqual("/_edge/admit".utf8)
    }
}
