// One event for one receiver, as the host hands it over, and what its answer means.
internal import CivilTime
internal import EdgeFunction
internal import JSON
internal import Retry
internal import Upstream

/// What is sent at each attempt: the same bytes, under the same id.
struct Delivery: Equatable, Sendable {
    let id: String
    let url: String
    let body: [UInt8]

    /// Bytes of an answer that are read: its status is all that counts.
    private static let answerBytesMax = 64 << 10
    static let deadlines = UpstreamDeadlines(
        connect: .seconds(10),
        firstByte: .seconds(20),
        idle: .seconds(10),
        total: .seconds(20)
    )

    /// - Throws: ``Problem`` when the host's document is not one.
    init(_ input: JSONObject) throws(Problem) {
        guard let id = input["id"]?.string, !id.isEmpty, !id.contains("."), let url = input["url"]?.string,
            let type = input["type"], let timestamp = input["timestamp"], let data = input["data"]
        else {
            throw Problem(
                status: 400,
                code: "bad_delivery",
                detail: "A delivery needs \"id\" (without a dot), \"url\", \"type\", \"timestamp\" and \"data\"."
            )
        }
        self.id = id
        self.url = url
        let event: JSONObject = ["type": type, "timestamp": timestamp, "data": data]
        body = event.encoded()
    }

    func request(
        _ signer: WebhookSigner?,
        at now: Timestamp,
        deadlines: UpstreamDeadlines = Self.deadlines
    ) -> UpstreamRequest {
        let seconds = now.milliseconds / 1000
        var headers: UpstreamHeaders = [
            "Content-Type": "application/json", "webhook-id": id, "webhook-timestamp": "\(seconds)",
        ]
        if let signer { headers.add("webhook-signature", signer.signature(id: id, seconds: seconds, body: body)) }
        var request = UpstreamRequest("POST", url, headers: headers, body: .bytes(body))
        request.deadlines = deadlines
        request.redirectsMax = 0
        request.answerBytesMax = Self.answerBytesMax
        return request
    }

    // MARK: Answers

    /// - Parameters:
    ///   - header: gives the value of a header by its lower-case name.
    ///   - attempt: the first is 1.
    static func outcome(
        status: Int,
        header: (String) -> String?,
        attempt: Int,
        _ waits: WebhookWaits,
        now: Timestamp
    ) -> Outcome {
        switch status {
        case 200...299:
            return .done(["status": .integer(Int64(status))])
        case 410:
            let text = "The receiver answered 410: it wants no more deliveries."
            return .problem(Problem(status: 410, code: "receiver_gone", detail: text))
        case 300...399:
            let text = "The receiver answered \(status); redirects are not followed."
            return later(text, waits.wait(after: attempt, told: nil))
        default:
            let told = RetryAfter.pause(in: header, now: now)
            return later("The receiver answered \(status).", waits.wait(after: attempt, told: told))
        }
    }

    /// What follows a call without an answer.
    static func outcome(_ error: UpstreamError, attempt: Int, _ waits: WebhookWaits) -> Outcome {
        switch error.reason {
        case .addressRefused:
            let text = "\(error): private networks are called only where EDGE_WEBHOOK_ALLOW lists them."
            return .problem(Problem(status: 422, code: "address_refused", detail: text))
        case .invalidRequest:
            return .problem(Problem(status: 422, code: "bad_url", detail: "\(error)."))
        default:
            return later("No answer from the receiver: \(error).", waits.wait(after: attempt, told: nil))
        }
    }

    /// To the host a receiver that is not well is like a model that loads: no attempt is used, and nobody else has to wait.
    private static func later(_ text: String, _ wait: Duration) -> Outcome {
        .problem(Problem(status: 503, code: "receiver_failed", detail: text, retryAfter: wait))
    }
}
