// `edge keys`: makes, lists, ends and renews API keys.
internal import Callers
internal import CivilTime
internal import FileReading
internal import JSON

/// Works on the file; a host that runs sees the change at once.
package struct KeysCommand {
    private let file: KeyFile
    private let now: Timestamp

    /// How long an old secret is good after a rotation.
    package static let graceStandard = "24h"
    private static let graceMax = Duration.seconds(30 * 86_400)

    /// - Parameter state: the state directory of the host.
    package init(state: String) {
        file = KeyFile(state: HostPlaces.absolute(state))
        now = .now()
    }

    /// - Parameter budget: `$5/month`.
    package func create(
        name: String?,
        tier: String?,
        role: String?,
        actsForOthers: Bool,
        allowsNSFW: Bool = true,
        budget: String? = nil
    ) -> CommandOutcome {
        guard let name, Caller.isName(name) else {
            return Self.wrong("create", "give it a --name of 1 to \(Caller.nameBytesMax) visible characters, no spaces")
        }
        guard let role = KeyRecord.Role(rawValue: role ?? KeyRecord.Role.caller.rawValue) else {
            return Self.wrong("create", "--role is \"caller\" or \"operator\"")
        }
        let standard: Tier? = role == .operate ? .enterprise : nil
        guard let tier = tier.map(Tier.init) ?? standard else {
            return Self.wrong("create", "--tier is one of \(Tier.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard role == .caller || !actsForOthers else {
            return Self.wrong("create", "--on-behalf is for keys of callers; an operator's key calls no function")
        }
        let limit = budget.flatMap(Self.budget)
        guard budget == nil || limit != nil && role == .caller else {
            return Self.wrong(
                "create",
                "--budget is what a caller's key may spend a day, a month or in all: \"$5/month\", \"$0.50/day\" or \"$20/total\""
            )
        }
        return outcome { () throws(KeysError) in
            let key = APIKey()
            let id = try file.change { keys throws(KeysError) in
                guard keys.place(of: name) == nil else {
                    throw KeysError("there is a key \(name) already; revoke or rotate it, or choose another name")
                }
                guard keys.records.count < KeySet.keysMax else {
                    throw KeysError("there are \(KeySet.keysMax) keys, as many as there can be")
                }
                let record = KeyRecord(
                    name: name,
                    role: role,
                    tier: tier,
                    actsForOthers: actsForOthers,
                    allowsNSFW: allowsNSFW,
                    budget: limit,
                    key: key,
                    now: now
                )
                keys.add(record)
                return record.id
            }
            return CommandOutcome(
                output: key.reveal() + "\n",
                errors: "key \(id) (\(name), \(role == .operate ? "operator" : tier.rawValue)) is made; "
                    + "keep it now, it is not shown again\n"
            )
        }
    }

    package func list(asJSON: Bool) -> CommandOutcome {
        outcome { () throws(KeysError) in
            let records = try file.read().records
            if asJSON {
                let shown = records.map { record in
                    var object = record.json.object ?? [:]
                    object["sha256"] = nil
                    object["earlier"] = nil
                    object["state"] = .string(state(of: record))
                    return JSONValue.object(object)
                }
                return CommandOutcome(output: JSONValue.array(shown).text(pretty: true) + "\n")
            }
            let rows = records.map { record in
                [
                    record.id, record.name, record.role == .operate ? "operator" : record.tier.rawValue,
                    record.actsForOthers ? "yes" : "no", Self.text(of: record.budget), record.created.iso8601,
                    state(of: record),
                ]
            }
            return CommandOutcome(
                output: Self.table([["ID", "NAME", "TIER", "ON BEHALF", "BUDGET", "CREATED", "STATE"]] + rows)
            )
        }
    }

    package func revoke(_ text: String) -> CommandOutcome {
        outcome { () throws(KeysError) in
            let record = try changed(text) { $0.revoke(now: now) }
            return CommandOutcome(output: "key \(record.id) (\(record.name)) is revoked\n")
        }
    }

    package func rotate(_ text: String, grace: String) -> CommandOutcome {
        guard let grace = DurationText.read(grace), (.zero...Self.graceMax).contains(grace) else {
            return Self.wrong("rotate", "--grace is a time from 0s to 30d, such as 24h")
        }
        return outcome { () throws(KeysError) in
            let key = APIKey()
            let record = try changed(text) { $0.rotate(to: key, grace: grace, now: now) }
            let until =
                grace > .zero ? "the old one is good until \((now + grace).iso8601)" : "the old one is refused now"
            return CommandOutcome(
                output: key.reveal() + "\n",
                errors: "key \(record.id) (\(record.name)) has a new secret; \(until)\n"
            )
        }
    }

    private func changed(_ text: String, _ edit: (inout KeyRecord) -> Void) throws(KeysError) -> KeyRecord {
        try file.change { keys throws(KeysError) in
            guard let place = keys.place(of: text) else {
                throw KeysError("there is no key \(text); `edge keys list` shows them all")
            }
            guard keys.records[place].revoked == nil else { throw KeysError("the key \(text) was revoked") }
            keys.change(at: place, edit)
            return keys.records[place]
        }
    }

    private func state(of record: KeyRecord) -> String {
        if let revoked = record.revoked { return "revoked \(revoked.iso8601)" }
        guard let ends = record.earlier.map(\.ends).max(), ends > now else { return "good" }
        return "good, an older secret until \(ends.iso8601)"
    }

    private static func budget(_ text: String) -> KeyBudget? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let limit = MoneyText.read(String(parts[0])),
            let period = KeyBudget.Period(rawValue: String(parts[1]))
        else { return nil }
        return KeyBudget(limit: limit, period: period)
    }

    private static func text(of budget: KeyBudget?) -> String {
        budget.map { "\(MoneyText.text(of: $0.limit))/\($0.period.rawValue)" } ?? "-"
    }

    private func outcome(_ body: () throws(KeysError) -> CommandOutcome) -> CommandOutcome {
        do { return try body() } catch { return CommandOutcome(errors: "edge keys: \(error)\n", status: 1) }
    }

    private static func wrong(_ command: String, _ reason: String) -> CommandOutcome {
        CommandOutcome(errors: "edge keys \(command): \(reason)\n", status: 2)
    }

    private static func table(_ rows: [[String]]) -> String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).dropLast().map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return (cells + [row[row.count - 1]]).joined(separator: "  ") + "\n"
        }.joined()
    }
}
