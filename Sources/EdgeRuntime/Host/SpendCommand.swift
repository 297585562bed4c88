// `edge spend` and `edge usage`: of the host that runs, or of the ledger that it left.
internal import CivilTime
internal import EdgeLoop
internal import Glibc
internal import JSON
internal import Ledger
internal import SQLite

/// The forms of `edge spend`.
package enum SpendAction: Sendable { case show, stop, resume }

/// How `edge usage` prints.
package enum UsageForm: Sendable { case table, json, csv }

extension OperatorCommand {
    package func spend(_ action: SpendAction) async -> CommandOutcome {
        switch action {
        case .show:
            let without: Fallback = { await fromLedger { try Self.spend(of: $0) } }
            return await asking("GET", "/v1/spend", orElse: without) { SpendReport(document: $0).text }
        case .stop:
            return await asking("POST", "/v1/spend/stop") { _ in
                "paid work is stopped; what runs goes on; `edge spend resume` lets it go on\n"
            }
        case .resume:
            return await asking("POST", "/v1/spend/resume") { document in
                switch document["resumed"]?.string {
                case "amount": "paid work is accepted again; the amount of the day counts from now\n"
                case "nothing": "paid work was not stopped; nothing has changed\n"
                default: "paid work is accepted again\n"
                }
            }
        }
    }

    /// - Parameter since: a moment or an age, as `edge jobs` has it.
    package func usage(by name: String?, since: String?, _ form: UsageForm) async -> CommandOutcome {
        guard let grouping = UsageGrouping(rawValue: name ?? UsageGrouping.day.rawValue) else {
            let names = UsageGrouping.allCases.map(\.rawValue).joined(separator: ", ")
            return CommandOutcome(errors: "edge usage: --by is one of \(names)\n", status: 2)
        }
        let moment: Timestamp?
        do {
            moment = try since.map { try JobFilter.moment($0, "since", .now()) }
        } catch {
            return CommandOutcome(
                errors: "edge usage: --since is a day (2026-11-21), a time, or how long ago (3h)\n",
                status: 2
            )
        }
        var path = "/v1/usage?by=\(grouping.rawValue)"
        if let moment { path += "&since=\(moment.milliseconds)" }
        let keys = KeyFile(state: state)
        let without: Fallback = {
            await fromLedger { try Self.usage(of: $0, grouping, moment, KeyNames(try keys.read())) }
        }
        return await asking("GET", path, orElse: without) {
            switch form {
            case .table: UsageReport.table($0)
            case .json: $0.text(pretty: true) + "\n"
            case .csv: UsageReport.csv($0)
            }
        }
    }

    // MARK: Without a host

    /// Reads the ledger that a host left; nil when there is none.
    private func fromLedger(
        _ read: @escaping @Sendable (LedgerStore) throws -> JSONObject
    ) async -> Result<JSONValue, any Error>? {
        let state = state
        return await Pool.run {
            guard access("\(state)/\(LedgerStore.name)", F_OK) == 0 else { return nil }
            return Result { .object(try read(try LedgerStore(state: state, creates: false))) }
        }
    }

    private nonisolated static func spend(of store: LedgerStore) throws -> JSONObject {
        let notes = try store.notes()
        let clock = PeriodClock(try zone(notes), now: .now())
        let spent = try store.sums(of: [.all], totals: [], clock: clock)[Subject(.all, "")] ?? Spent()
        return [
            "today": .integer(spent.day), "month": .integer(spent.month), "host": false,
            "state": .string(notes[.stopped] == nil ? "open" : "stopped"), "dayEnds": .string(clock.nextDay.iso8601),
        ]
    }

    private nonisolated static func usage(
        of store: LedgerStore,
        _ grouping: UsageGrouping,
        _ since: Timestamp?,
        _ names: KeyNames
    ) throws -> JSONObject {
        let lines = try store.usage(by: grouping, since: since, zone: try zone(try store.notes()))
        return UsageReport.document(grouping, lines, names)
    }

    private nonisolated static func zone(_ notes: [LedgerStore.Note: String]) throws -> TimeZone {
        do {
            return try notes[.timeZone].map { try TimeZoneFile.read($0) } ?? .utc
        } catch let mistake as TimeZoneFile.Mistake {
            throw HostError(mistake.reason)
        }
    }
}
