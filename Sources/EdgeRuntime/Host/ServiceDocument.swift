// How the host is, for the Status function and so for everybody.
internal import CivilTime
internal import EdgeLoop
internal import JSON
internal import Secrets

/// Builds `GET /v1/service` of the control socket. Names no secret's value and no path of the machine.
@LoopActor
struct ServiceDocument {
    let functions: Functions
    let board: JobBoard
    let started: ContinuousClock.Instant
    let isThrowAway: Bool
    let isStopping: Bool
    let settings: SettingsStack
    /// What functions told of themselves, by name.
    let details: [String: JSONObject]

    /// Members of a provider that are the operator's alone.
    private static let hidden = ["account", "quota"]

    var json: JSONObject {
        [
            "version": .string(edgeVersion), "state": isStopping ? "stopping" : "running",
            "uptime": .integer(Int64((ContinuousClock.now - started).inSeconds)),
            "storage": isThrowAway ? "temporary" : "durable",
            "queue": [
                "unfinished": .integer(Int64(board.count)), "queued": .integer(Int64(board.readyCount)),
                "running": .integer(Int64(board.runningCount)),
            ],
            "providers": .object(providersJSON), "lanes": board.lanes.document(now: .now()),
            "functions": .object(functionsJSON), "secrets": .object(secretsJSON),
        ]
    }

    /// The providers that functions told of, and whether they can be used now.
    private var providersJSON: JSONObject {
        var object: JSONObject = [:]
        for function in functions.all {
            for provider in Self.shown(details[function.name]?["providers"])?.object?.members ?? [] {
                object[provider.key] = provider.value
            }
        }
        return object
    }

    private static func shown(_ providers: JSONValue?) -> JSONValue? {
        guard let object = providers?.object else { return providers }
        var shown = JSONObject()
        for provider in object.members {
            guard var entry = provider.value.object else { continue }
            for key in hidden { entry[key] = nil }
            shown[provider.key] = .object(entry)
        }
        return .object(shown)
    }

    private var functionsJSON: JSONObject {
        var object: JSONObject = [:]
        for function in functions.all {
            let status = function.isolates.status
            var entry: JSONObject = [
                "auth": .string(function.entry.auth.rawValue), "processes": .integer(Int64(status.processes.count)),
                "calls": .integer(Int64(status.calls)), "queued": .integer(Int64(status.queued)),
                "circuit": .string(status.circuit.name), "crashes": .integer(Int64(status.crashes)),
            ]
            if let job = function.entry.job {
                entry["runsToday"] = .integer(Int64(board.runsToday(of: function.name)))
                entry["perDay"] = .integer(Int64(board.hasTiers() ? 0 : job.perDay))
            }
            for member in details[function.name]?.members ?? [] where entry[member.key] == nil {
                entry[member.key] = member.key == "providers" ? Self.shown(member.value) : member.value
            }
            object[function.name] = .object(entry)
        }
        return object
    }

    /// Whether each listed secret is set: which providers can be used follows from it.
    private var secretsJSON: JSONObject {
        var object: JSONObject = [:]
        for name in functions.manifest.secretNames.sorted() { object[name] = .bool(settings[name] != nil) }
        return object
    }
}

extension IsolateStatus.Circuit {
    var name: String {
        switch self {
        case .closed: "closed"
        case .open: "open"
        case .probing: "probing"
        }
    }
}
