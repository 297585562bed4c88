// Alerts about spending on their way to the owner's receiver (`host.spend.webhook`).
internal import CivilTime
internal import EdgeLoop
internal import Ledger

/// Hands each alert to the outbox once. The delivery's id follows from the alert, so after a crash the same alert is found again, and no
/// second one is made of it.
@LoopActor
final class AlertDelivery {
    private let outbox: WebhookOutbox
    private let board: JobBoard
    private let log: @LoopActor (String) -> Void
    private var underway: Set<String> = []
    /// Who is told; nil: nobody.
    var url: String?
    /// An alert is on disk.
    var onTold: @LoopActor (SpendAlert) async -> Void = { _ in }
    /// Whether the jobs of before are known: earlier it could not be told what was delivered already.
    var isOpen = false

    /// A full disk is tried again after this.
    private static let pause = Duration.seconds(60)

    /// - Parameter log: for what the operator must know.
    init(outbox: WebhookOutbox, board: JobBoard, log: @escaping @LoopActor (String) -> Void) {
        self.outbox = outbox
        self.board = board
        self.log = log
    }

    /// - Parameter ledger: whose alert it is: two hosts may share a receiver.
    nonisolated static func id(of alert: SpendAlert, in ledger: String) -> String {
        WebhookOutbox.id(of: "spend", "\(ledger) \(alert.name)")
    }

    /// Goes on until the alert is on disk or the host stops; the next host then finds the alert in its sums.
    func tell(_ alert: SpendAlert, of ledger: String) {
        guard isOpen, let url else { return }
        let id = Self.id(of: alert, in: ledger)
        guard !board.knows(id), underway.insert(id).inserted else { return }
        let event = SpendEvent(alert, host: outbox.policy.base)
        let moment = Timestamp.now()
        Task { @LoopActor in
            defer { underway.remove(id) }
            var isFirst = true
            while !board.isStopping {
                do {
                    try await outbox.deliver(type: event.type, data: event.data, to: url, id: id, at: moment)
                    return await onTold(alert)
                } catch {
                    if isFirst { log("the webhook of an alert about spending waits: \(error)") }
                    isFirst = false
                }
                guard (try? await sleep(for: Self.pause)) != nil else { return }
            }
        }
    }
}
