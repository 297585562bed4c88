// What the host tells of its lanes: to the Status function, to `edge providers` and to /metrics.
internal import CivilTime
internal import JSON

extension Lanes {
    /// Every lane that a job has used since the start, in the order of provider and model.
    func document(now: Timestamp) -> JSONValue {
        .array(shared.map { .object(entry(of: $0, now: now)) })
    }

    /// Those on the host's own accounts; what callers do with theirs is shown to nobody else, nor what the host does for itself.
    var shared: [Lane] { known.keys.sorted().compactMap { known[$0] }.filter { !$0.isOwn && !$0.isOfHost } }

    /// How one lane stands, whether or not a job has used it.
    func entry(of lane: Lane, now: Timestamp) -> JSONObject {
        let use = use(of: lane)
        let used = use.used(now: now)
        var entry: JSONObject = [
            "provider": .string(lane.provider), "model": lane.model.map { .string($0) } ?? .null,
            "circuit": .string(circuit(of: lane).name), "running": .integer(Int64(use.running)),
            "price": lane.price.map { .integer($0) } ?? .null,
        ]
        if case .open(let until) = circuit(of: lane) { entry["openUntil"] = .string(until.iso8601) }
        entry["median"] = median(of: lane).map { .double($0.inSeconds) }
        var left: JSONObject = [:]
        left["hour"] = lane.quota.perHour.map { .integer(Int64(max(0, $0 - used.hour))) }
        left["day"] = lane.quota.perDay.map { .integer(Int64(max(0, $0 - used.day))) }
        left["atOnce"] = lane.quota.atOnce.map { .integer(Int64(max(0, $0 - use.running))) }
        if !left.isEmpty { entry["quotaLeft"] = .object(left) }
        let next = use.next(lane.quota, now: now)
        if next > now { entry["nextCallAt"] = .string(next.iso8601) }
        return entry
    }
}

extension RouteCircuit.State {
    var name: String {
        switch self {
        case .closed: "closed"
        case .open: "open"
        case .probing: "probing"
        }
    }

    /// As a metric: 0 closed, 1 probing, 2 open.
    var level: Double {
        switch self {
        case .closed: 0
        case .probing: 1
        case .open: 2
        }
    }
}
