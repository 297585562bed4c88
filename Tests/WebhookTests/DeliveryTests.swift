import CivilTime
import EdgeFunction
import JSON
import TestSupport
import Testing
import Upstream

@testable import Webhook

struct DeliveryTests {
    init() { TestLoop.start() }

    private let now = Timestamp(milliseconds: 1_700_000_000_000)
    private static let event: JSONObject = [
        "id": "msg_1", "url": "https://app.example/hook", "type": "job.succeeded", "timestamp": "2023-11-14T22:13:20Z",
        "data": ["id": "job_1"],
    ]

    @Test func `the body has type, time and data, and nothing of the delivery itself`() throws {
        let delivery = try Delivery(Self.event)

        let text = String(decoding: delivery.body, as: UTF8.self)
        #expect(text == #"{"type":"job.succeeded","timestamp":"2023-11-14T22:13:20Z","data":{"id":"job_1"}}"#)
    }

    @Test func `an attempt has its own time, and the id of all attempts`() throws {
        let delivery = try Delivery(Self.event)
        let signer = try WebhookSigner(secrets: "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=")

        let first = delivery.request(signer, at: now)
        let second = delivery.request(signer, at: now + .seconds(5))
        let unsigned = delivery.request(nil, at: now)

        #expect(first.headers["webhook-id"] == "msg_1")
        #expect(second.headers["webhook-id"] == "msg_1")
        #expect(first.headers["webhook-timestamp"] == "1700000000")
        #expect(second.headers["webhook-timestamp"] == "1700000005")
        #expect(first.headers["webhook-signature"] != second.headers["webhook-signature"])
        #expect(unsigned.headers["webhook-signature"] == nil)
        #expect(first.redirectsMax == 0)
    }

    @Test("A document that is no delivery is refused", arguments: ["id", "url", "type", "timestamp", "data"])
    func refuses(missing: String) {
        var event = Self.event
        event[missing] = nil

        #expect(throws: Problem.self) { _ = try Delivery(event) }
    }

    @Test func `an id with a dot could be read as another text, and is refused`() {
        var event = Self.event
        event["id"] = "msg.1"

        #expect(throws: Problem.self) { _ = try Delivery(event) }
    }

    // MARK: Answers

    private func outcome(_ status: Int, retryAfter: String? = nil, attempt: Int = 1) -> Outcome {
        Delivery.outcome(
            status: status,
            header: { $0 == "retry-after" ? retryAfter : nil },
            attempt: attempt,
            WebhookWaits(),
            now: now
        )
    }

    private func problem(_ outcome: Outcome) throws -> Problem {
        guard case .problem(let problem) = outcome else { throw NoProblem() }
        return problem
    }

    private struct NoProblem: Error {}

    @Test("Any 2xx is acceptance", arguments: [200, 201, 202, 204, 299])
    func accepts(status: Int) {
        #expect(outcome(status) == .done(["status": .integer(Int64(status))]))
    }

    @Test func `410 ends the delivery`() throws {
        #expect(try problem(outcome(410)).status == 410)
        #expect(try problem(outcome(410)).retryAfter == nil)
    }

    @Test(
        "Everything else is tried again, redirects included",
        arguments: [301, 302, 308, 400, 401, 404, 429, 500, 502]
    )
    func retries(status: Int) throws {
        let problem = try problem(outcome(status))

        #expect(problem.status == 503)
        #expect(problem.retryAfter == .seconds(5))
        #expect(problem.detail.contains("\(status)"))
    }

    @Test func `the waits grow as Standard Webhooks suggests, and fit into a day`() {
        let waits = WebhookWaits()
        let all = (1...7).map { waits.wait(after: $0, told: nil) }

        #expect(all.prefix(5) == [.seconds(5), .seconds(300), .seconds(1800), .seconds(7200), .seconds(18_000)])
        #expect(all.reduce(.zero, +) < .seconds(86_400))
        #expect(all.reduce(.zero, +) > .seconds(23 * 3600))
    }

    @Test func `Retry-After makes a wait longer, never shorter`() throws {
        #expect(try problem(outcome(429, retryAfter: "120")).retryAfter == .seconds(120))
        #expect(try problem(outcome(503, retryAfter: "1")).retryAfter == .seconds(5))
        #expect(try problem(outcome(503, retryAfter: "1", attempt: 3)).retryAfter == .seconds(1800))
    }

    @Test func `waits of the operator's own repeat the last one`() throws {
        let waits = try WebhookWaits("1s, 2s 1m")

        #expect([1, 2, 3, 9].map { waits.wait(after: $0, told: nil) } == [1, 2, 60, 60].map { .seconds($0) })
        for text in ["", "soon", "1", "0s", "500ms", "1s x"] {
            #expect(throws: WebhookSettings.Mistake.self) { _ = try WebhookWaits(text) }
        }
    }

    // MARK: Calls

    @LoopActor
    private func deliver(to url: String, _ environment: [String: String] = [:]) async throws -> Outcome {
        let settings = try WebhookSettings { environment[$0] }
        let webhook = Webhook(settings: settings, deadlines: UpstreamDeadlines(connect: .seconds(60)))
        var event = Self.event
        event["url"] = .string(url)
        return try await webhook.deliver(try Delivery(event), attempt: 1)
    }

    @Test @LoopActor func `a listed receiver gets the event, and its redirect is not followed`() async throws {
        let receiver = try ScriptedUpstream([.status(204), .status(302, headers: [("Location", "/elsewhere")])])
        let allowed = ["EDGE_WEBHOOK_ALLOW": "10.0.0.0/8, 127.0.0.1"]

        let accepted = try await deliver(to: "\(receiver.url)/hook?token=t", allowed)
        let redirected = try await deliver(to: "\(receiver.url)/hook", allowed)

        #expect(accepted == .done(["status": 204]))
        #expect(try problem(redirected).status == 503)
        #expect(receiver.requests.map(\.target) == ["/hook?token=t", "/hook"])
        #expect(receiver.requests.allSatisfy { $0.method == "POST" })
    }

    @Test(
        "Addresses inside are not called, however they are written",
        arguments: [
            "http://127.0.0.1:PORT/", "http://localhost:PORT/", "http://[::1]:PORT/", "http://0.0.0.0:PORT/",
            "http://2130706433:PORT/", "http://0x7f.1:PORT/", "http://[::ffff:127.0.0.1]:PORT/", "http://10.0.0.1/",
            "http://192.168.1.1/", "http://169.254.169.254/latest/meta-data", "http://[fd00:ec2::254]/",
            "http://[fe80::1]/", "http://100.100.100.200/",
        ]
    )
    @LoopActor func refusesInside(url: String) async throws {
        let receiver = try ScriptedUpstream(always: .status(200))

        let outcome = try await deliver(to: url.replacing("PORT", with: "\(receiver.port)"))

        let problem = try problem(outcome)
        #expect(problem.status == 422, "\(problem)")
        #expect(problem.code == "address_refused")
        #expect(receiver.calls == 0)
    }

    @Test @LoopActor func `a receiver that is not there is tried again`() async throws {
        let receiver = try ScriptedUpstream(always: .status(200))
        receiver.close()

        let outcome = try await deliver(to: receiver.url, ["EDGE_WEBHOOK_ALLOW": "127.0.0.1"])

        #expect(try problem(outcome).retryAfter == .seconds(5))
    }

    @Test func `a network that is none is named`() {
        let mistake = #expect(throws: WebhookSettings.Mistake.self) {
            _ = try WebhookSettings { $0 == "EDGE_WEBHOOK_ALLOW" ? "10.0.0.0/8 home" : nil }
        }

        #expect(mistake?.description.contains("\"home\"") == true)
    }
}
