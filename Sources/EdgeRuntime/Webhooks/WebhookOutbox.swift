// Events on their way to receivers: each is a job of the function `webhook`, on disk from the moment of its event.
internal import Callers
internal import CivilTime
internal import Digest
internal import EdgeLoop
internal import JSON

/// Hands events to the function `webhook`, each of them once.
///
/// The file of an ended job says that its end is to be told (`webhook.delivery` is null) until the delivery's own file is synced. The
/// delivery's id follows from the job's, so whoever takes the job up again finds what was made, and makes no second one.
@LoopActor
final class WebhookOutbox {
    private let board: JobBoard
    private let log: @LoopActor (String) -> Void
    /// Ended jobs whose deliveries are being made.
    private var underway: Set<String> = []
    /// What the operator has set. Changes when the host reloads.
    var policy = Policy()

    /// The function that delivers: it works for the host alone.
    nonisolated static let function = "webhook"
    /// The setting that deliveries are signed with, and the one that lets them go unsigned.
    nonisolated static let secretName = "EDGE_WEBHOOK_SECRET"
    nonisolated static let unsignedName = "EDGE_WEBHOOK_UNSIGNED"
    /// Deliveries that have not been accepted yet; beyond, requests that name a receiver are refused.
    nonisolated static let waitingMax = 10_000
    /// Deliveries to one receiver at once: a slow one does not take the places of all others.
    private static let atOnce: Int64 = 4
    /// A full disk is tried again after this.
    private static let pause = Duration.seconds(60)

    struct Policy: Equatable, Sendable {
        /// Whether functions.json has a function `webhook` that can deliver.
        var hasFunction = false
        /// Whether deliveries are signed, or may go unsigned.
        var canSign = false
        /// What URLs in events begin with where no request says: `host.publicURL`, or where the host listens.
        var base = ""
    }

    /// - Parameter log: for what the operator must know.
    init(board: JobBoard, log: @escaping @LoopActor (String) -> Void) {
        self.board = board
        self.log = log
    }

    // MARK: Events of all kinds

    /// Puts an event on its way; when this returns, it survives anything. It is tried for a day (`job.deadline` of the function).
    /// - Parameters:
    ///   - type: words with dots, such as `job.succeeded`.
    ///   - data: at most ``WebhookEvent/dataBytesMax`` as JSON.
    ///   - url: one that ``WebhookAddress`` finds nothing wrong with.
    ///   - id: of ``id(of:_:)``: an event that was handed over under this id before is not handed over again.
    ///   - moment: when it happened.
    /// - Throws: what the disk says, or that there is no function to deliver.
    func deliver(
        type: String,
        data: JSONObject,
        to url: String,
        id: String,
        at moment: Timestamp = .now()
    ) async throws {
        guard !board.knows(id) else { return }
        guard policy.hasFunction else { throw OutboxError.noFunction }
        let input: JSONObject = [
            "id": .string("msg_\(id)"), "url": .string(url), "type": .string(type),
            "timestamp": .string(moment.iso8601), "data": .object(data),
        ]
        let lane = try Self.lane(to: url)
        let ticket = Ticket(input: input.encoded(), key: nil, lanes: LaneSet([lane]), isFresh: false)
        try await board.acceptOwn(ticket, for: Self.function, id: id)
    }

    /// The id of the delivery of one event: the same whenever it is asked for.
    /// - Parameters:
    ///   - kind: what the event is of: `job`.
    ///   - name: which one, such as a job's id.
    nonisolated static func id(of kind: String, _ name: String) -> String {
        var bytes = Array(SHA256.digest(of: Array("webhook \(kind) \(name)".utf8)).prefix(16))
        bytes[6] = 0x80 | bytes[6] & 0x0f  // RFC 9562, version 8: of our own making
        bytes[8] = 0x80 | bytes[8] & 0x3f
        return UUIDText.text(of: bytes)
    }

    /// A lane for each receiver, of which nothing but a hash is told.
    private static func lane(to url: String) throws(Lane.Mistake) -> Lane {
        let name = "webhook-\(SHA256.hex(of: WebhookAddress.origin(of: url) ?? url).prefix(8))"
        return try Lane([
            "name": .string(name), "provider": .string(Lane.hostProvider), "model": .string(name),
            "account": .string(name), "price": 0, "quota": ["atOnce": .integer(atOnce)],
            // Receivers know by the event's id what they have had, so an attempt whose end is not known is simply made again.
            "takesAttemptIDs": true,
        ])
    }

    // MARK: Ends of jobs

    /// Takes up an ended job's document as `done/` has it; nothing when its end has been told or concerns nobody.
    func ended(_ stored: JSONObject) {
        guard let webhook = Webhook(in: stored), webhook.delivery == nil, let id = stored["id"]?.string,
            underway.insert(id).inserted
        else { return }
        Task { @LoopActor in
            await tell(stored, id)
            underway.remove(id)
        }
    }

    /// Goes on until the end is told, the job is gone, or the host stops: then the next host takes it up.
    private func tell(_ stored: JSONObject, _ id: String) async {
        var stored: JSONObject? = stored
        var isFirst = true
        while let document = stored, var webhook = Webhook(in: document), webhook.delivery == nil, !board.isStopping {
            let delivery = Self.id(of: "job", id)
            do {
                guard let event = WebhookEvent(document, base: webhook.base) else { return }
                let finished = document["finished"]?.string.flatMap { Timestamp(iso8601: $0) } ?? .now()
                try await deliver(type: event.type, data: event.data, to: webhook.url, id: delivery, at: finished)
                webhook.delivery = delivery
                var told = document
                told["webhook"] = webhook.json
                return try await board.files.amend(id: id, document: told.encoded())
            } catch StateError.unknown {
                return  // removed by its owner meanwhile
            } catch {
                if isFirst { log("job \(id): its webhook waits: \(error)") }
                isFirst = false
            }
            guard (try? await sleep(for: Self.pause)) != nil else { return }
            stored = await board.files.readDone(id: id).flatMap { try? JSONValue.parse($0) }?.object
        }
    }

    // MARK: Requests

    /// - Throws: why no delivery can be promised.
    func check() throws(Problem) {
        guard policy.hasFunction else { throw .noWebhooks }
        guard policy.canSign else { throw .webhookUnsigned }
        guard board.unfinished(of: Self.function) < Self.waitingMax else { throw .tooManyWebhooks }
    }
}

enum OutboxError: Error, Equatable, CustomStringConvertible {
    case noFunction

    var description: String {
        "functions.json has no function \"\(WebhookOutbox.function)\" with \"public\": false and a job block"
    }
}
