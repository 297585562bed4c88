// `edge spend` and `edge usage` as documents, tables and CSV.
internal import CivilTime
internal import FileReading
internal import JSON

/// Sums of charges.
enum UsageReport {
    /// - Parameter names: what keys are called: a line then tells its `id`, too.
    static func document(_ grouping: UsageGrouping, _ lines: [UsageLine], _ names: KeyNames) -> JSONObject {
        let all = lines.reduce(UsageLine(name: "", charges: 0, amount: 0, perhaps: 0, perhapsAmount: 0, unknown: 0)) {
            $0.adding($1)
        }
        // By the names that are shown: keys count by their ids, whose order means nothing to anybody.
        let shown = lines.map { $0.json(grouping, names) }.sorted { one, other in
            let (name, otherName) = (one["name"]?.string ?? "", other["name"]?.string ?? "")
            return (name, one["id"]?.string ?? "") < (otherName, other["id"]?.string ?? "")
        }
        return [
            "by": .string(grouping.rawValue), "lines": .array(shown), "total": all.json(.day, names),
        ]
    }

    static func table(_ document: JSONValue) -> String {
        let lines = document["lines"]?.array ?? []
        guard !lines.isEmpty else { return "nothing was charged\n" }
        var rows = [[document["by"]?.string ?? "", "charges", "spent", "perhaps paid", "price unknown", "own tokens"]]
        for line in lines + [document["total"] ?? .null] {
            let name = line["name"]?.string ?? ""
            rows.append([
                name.isEmpty ? "in all" : name, "\(line["charges"]?.integer ?? 0)",
                MoneyText.text(of: line["microdollars"]?.integer ?? 0),
                MoneyText.text(of: line["perhapsMicrodollars"]?.integer ?? 0), "\(line["unknown"]?.integer ?? 0)",
                "\(line["ownTokens"]?.integer ?? 0)",
            ])
        }
        return TextTable.text(rows)
    }

    private static let columns = ["charges", "microdollars", "perhaps", "perhapsMicrodollars", "unknown", "ownTokens"]

    /// RFC 4180, but for the line ends.
    static func csv(_ document: JSONValue) -> String {
        let header = ([document["by"]?.string ?? "name"] + columns).joined(separator: ",")
        let rows = (document["lines"]?.array ?? []).map { line in
            ([field(line["name"]?.string ?? "")] + columns.map { "\(line[$0]?.integer ?? 0)" }).joined(separator: ",")
        }
        return ([header] + rows).map { $0 + "\n" }.joined()
    }

    private static func field(_ text: String) -> String {
        text.contains { $0 == "," || $0 == "\"" || $0.isNewline }
            ? "\"\(text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\"" : text
    }
}

/// `edge spend` as text.
struct SpendReport {
    let document: JSONValue

    var text: String {
        let money: (String) -> String = { key in
            document[key]?.integer.map { MoneyText.text(of: $0) } ?? "never"
        }
        var text = "spent today       \(money("today"))\nspent this month  \(money("month"))\n"
        if document["reserved"] != nil { text += "reserved          \(money("reserved"))\n" }
        if document["warn"] != nil { text += "warns at          \(money("warn")) a day\n" }
        if document["stop"] != nil { text += "stops at          \(money("stop")) a day\n" }
        let ends = document["dayEnds"]?.string ?? ""
        switch document["state"]?.string {
        case "stopped": text += "paid work is stopped; `edge spend resume` lets it go on\n"
        case "stopped by itself":
            text +=
                "what the rest of today's amount does not pay for is refused until \(ends); `edge spend resume` allows as much again\n"
        default: text += "paid work is accepted; the day ends at \(ends)\n"
        }
        if document["host"]?.bool == false { text += "no host runs: this is what its ledger says\n" }
        if let count = document["unwritten"]?.integer, count > 0 {
            text += "\(count) charges are only in job files yet\n"
        }
        let budgets = document["budgets"]?.array ?? []
        guard !budgets.isEmpty else { return text }
        var rows = [["budget", "for", "per", "limit", "spent", "reserved", "renews"]]
        for budget in budgets {
            let subject = budget["subject"]?.string ?? ""
            rows.append([
                budget["name"]?.string ?? "-",
                [budget["for"]?.string ?? "", subject].filter { !$0.isEmpty }.joined(separator: " "),
                budget["per"]?.string ?? "-", MoneyText.text(of: budget["limit"]?.integer ?? 0),
                MoneyText.text(of: budget["spent"]?.integer ?? 0), MoneyText.text(of: budget["reserved"]?.integer ?? 0),
                budget["renews"]?.string ?? "never",
            ])
        }
        return text + "\n" + TextTable.text(rows)
    }
}
