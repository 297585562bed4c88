// How long a delivery waits before it is tried again. Pure.
internal import CivilTime
internal import FileReading

/// The waits that Standard Webhooks suggests, with the last ones such that a delivery is tried for a day.
struct WebhookWaits: Equatable, Sendable {
    private let waits: [Duration]

    static let countMax = 20

    /// 5 s, 5 min, 30 min, 2 h, 5 h, then 8 h each time.
    init() {
        waits = [
            .seconds(5), .seconds(300), .seconds(1800), .seconds(7200), .seconds(18_000), .seconds(28_800),
        ]
    }

    /// - Parameter text: durations such as `5s 5m 1h`; the last one repeats.
    init(_ text: String) throws(WebhookSettings.Mistake) {
        let texts = text.split { $0 == " " || $0 == "," }
        let waits = texts.compactMap { DurationText.read(String($0)) }.filter { $0 >= .seconds(1) }
        guard waits.count == texts.count, (1...Self.countMax).contains(waits.count) else {
            throw WebhookSettings.Mistake(
                "EDGE_WEBHOOK_WAITS is \"\(text)\"; write 1 to \(Self.countMax) durations of 1s or more, such as 5s 5m 30m 2h"
            )
        }
        self.waits = waits
    }

    /// - Parameters:
    ///   - attempt: the one that failed; the first is 1.
    ///   - told: what the receiver asked for: it may be longer, never shorter.
    func wait(after attempt: Int, told: Duration?) -> Duration {
        let planned = waits[min(max(attempt, 1), waits.count) - 1]
        return max(planned, told ?? .zero)
    }
}
