// The event that tells the owner of an alert about spending. Pure.
internal import CivilTime
internal import FileReading
internal import JSON
internal import Ledger

/// `spend.warning` or `spend.stopped`. Sums alone: nobody's prompts, names or keys.
struct SpendEvent: Equatable, Sendable {
    let type: String
    let data: JSONObject

    /// - Parameter host: which one tells it: what its URLs begin with.
    init(_ alert: SpendAlert, host: String) {
        type =
            switch alert.kind {
            case .warn: "spend.warning"
            case .stop: "spend.stopped"
            }
        data = [
            "message": .string(Self.sentence(alert)), "limit": .integer(alert.amount), "spent": .integer(alert.spent),
            "reserved": .integer(alert.reserved), "day": .string(alert.zone.dayText(of: alert.since)),
            "timeZone": .string(alert.zone.name), "renews": .string(alert.until.iso8601), "host": .string(host),
        ]
    }

    /// What the log and the event say.
    static func sentence(_ alert: SpendAlert) -> String {
        let (spent, amount) = (MoneyText.text(of: alert.spent), MoneyText.text(of: alert.amount))
        return switch alert.kind {
        case .warn: "\(spent) were spent today: the amount to warn at is \(amount) (host.spend.warn)"
        case .stop:
            "what the rest of today's \(amount) (host.spend.stop) does not pay for is refused until \(alert.until.iso8601): \(spent) were "
                + "spent and \(MoneyText.text(of: alert.reserved)) are reserved; `edge spend resume` allows as much again"
        }
    }
}
