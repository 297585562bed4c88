// A task that a provider works on: what is kept between two looks at it.
internal import CivilTime
internal import JSON

/// Enough to ask what became of it, also after a restart. Holds no secret.
struct HFQueued: Sendable, Equatable {
    let provider: HFRoutedProvider
    /// Where to ask, on the router behind the provider's name; nil where there is only an address.
    var path: HFPath?
    /// Where the result is, when it was told at once and could not be fetched: it is paid, and only its bytes are asked for.
    var address: String?
    /// Where to say that nobody wants it any more.
    var cancelPath: HFPath?
    let isVideo: Bool
    let since: Timestamp
    /// What was left out of the request.
    var dropped: [String] = []
    var asks = 0
    /// Looks in a row that got no answer.
    var failures = 0

    /// When the provider wants to be asked again, where it has just said so. It is not kept.
    var told: Duration?

    static let failuresMax = 5
    /// Of an address: it goes into the job file.
    static let addressBytesMax = 8 << 10

    /// When to look again, in whole seconds that grow. Z.ai asks for 5 s; videos take minutes.
    var pause: Duration {
        let steps = provider == .zaiOrg ? [5] : isVideo ? [2, 3, 5, 8, 10] : [1, 1, 2, 3, 5]
        let usual = Duration.seconds(steps[min(asks, steps.count - 1)])
        return max(usual, min(told ?? .zero, timeMax))
    }

    /// How long it may take: the official clients wait 60 times 5 s for Z.ai and 150 times 2 s for Together.
    var timeMax: Duration { isVideo && provider != .together ? .seconds(1800) : .seconds(300) }

    var json: JSONValue {
        var json: JSONObject = [
            "provider": .string(provider.rawValue), "since": .integer(since.milliseconds),
            "asks": .integer(Int64(asks)),
        ]
        json["path"] = path.map { .string($0.text) }
        json["address"] = address.map { .string($0) }
        json["cancel"] = cancelPath.map { .string($0.text) }
        if isVideo { json["video"] = true }
        if failures > 0 { json["failures"] = .integer(Int64(failures)) }
        if !dropped.isEmpty { json["dropped"] = .array(dropped.map { .string($0) }) }
        return .object(json)
    }
}

extension HFQueued {
    /// Reads what ``json`` wrote; nil for anything else.
    init?(_ json: JSONValue) {
        guard let provider = json["provider"]?.string.flatMap(HFRoutedProvider.init(rawValue:)),
            let since = json["since"]?.integer
        else { return nil }
        let path = json["path"]?.string.flatMap { HFPath($0) }
        let address = json["address"]?.string
        guard path != nil || address != nil else { return nil }
        self.init(
            provider: provider,
            path: path,
            address: address,
            cancelPath: json["cancel"]?.string.flatMap { HFPath($0) },
            isVideo: json["video"]?.bool ?? false,
            since: Timestamp(milliseconds: since),
            dropped: json["dropped"]?.array?.compactMap(\.string) ?? [],
            asks: json["asks"]?.integer.map { Int(clamping: max(0, $0)) } ?? 0,
            failures: json["failures"]?.integer.map { Int(clamping: max(0, $0)) } ?? 0
        )
    }
}
