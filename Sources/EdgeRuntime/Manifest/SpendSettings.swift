// `host.budgets`, `host.spend` and `host.timeZone`: what may be spent.
internal import CivilTime
internal import FileReading
internal import JSON
package import Ledger

/// What the owner allows to be spent.
package struct SpendSettings: Sendable, Equatable {
    /// `budgets`: each is kept to. Default none.
    package var budgets: [Budget] = []
    /// `spend`: amounts of a day for all together. Default: warn at $20, stop at $30.
    package var marks = SpendMarks()
    /// `spend.webhook`: who is told when one of them is reached. Default null: nobody.
    package var webhook: String?
    /// `timeZone`: where days and months begin, such as `Europe/Berlin`. Default null: UTC.
    package var timeZone: String?

    package static let budgetsMax = 1000

    package init() {}
}

extension SpendSettings {
    /// Reads its keys of the block `host`.
    init(from section: inout FileSection) {
        self.init()
        if let zone = section.value("timeZone"), !zone.isNull {
            if let name = zone.string, TimeZone.isName(name) {
                timeZone = name
            } else {
                section.note(
                    "this is no time zone; write a name such as \"Europe/Berlin\", or null for UTC",
                    "timeZone"
                )
            }
        }
        if var spend = section.section("spend") {
            webhook = Self.webhook(from: &spend)
            marks = Self.marks(from: &spend)
        }
        budgets = Self.budgets(from: &section)
    }

    private static func webhook(from section: inout FileSection) -> String? {
        guard let url = section.text("webhook", example: "write a URL such as \"https://app.example/hooks/money\"")
        else { return nil }
        if let mistake = WebhookAddress.mistake(in: url) { section.note("this \(mistake)", "webhook") }
        return url
    }

    private static func marks(from section: inout FileSection) -> SpendMarks {
        let isWarnSet = section.object["warn"] != nil
        let isStopSet = section.object["stop"] != nil
        let (warn, stop) = (section.money("warn"), section.money("stop"))
        section.refuseUnknownKeys()
        let standard = SpendMarks()
        return SpendMarks(
            warn: isWarnSet ? warn : standard.warn,
            stop: isStopSet ? stop : standard.stop,
            isStopSet: isStopSet
        )
    }

    private static func budgets(from section: inout FileSection) -> [Budget] {
        let sections = section.sections("budgets")
        if sections.count > budgetsMax {
            section.note("these are \(sections.count) budgets; write at most \(budgetsMax)", "budgets")
        }
        var names: Set<String> = []
        return sections.compactMap { section in
            var section = section
            return budget(from: &section, &names)
        }
    }

    private static func budget(from section: inout FileSection, _ names: inout Set<String>) -> Budget? {
        let name = section.text("name", example: "write what refusals call this budget, such as \"guests\"")
        let scope = section.choice("for", default: BudgetScope.all)
        let subject = section.text(
            "of",
            example: "write the one that it counts, or leave the key out: then each has as much"
        )
        let period = section.choice("per", default: BudgetPeriod.day)
        let limit = section.money("limit")
        section.refuseUnknownKeys()
        for key in ["name", "per", "limit"] where section.object[key] == nil || section.object[key]?.isNull == true {
            let example =
                switch key {
                case "name": "\"name\": \"guests\""
                case "per": "\"per\": \"day\", \"month\" or \"total\""
                default: "\"limit\": \"$5\""
                }
            section.note("the key \(key) is missing; write \(example)")
        }
        if scope == .all, subject != nil {
            section.note("a budget for all counts nobody by name; remove this, or write who it is \"for\"", "of")
        }
        if let subject, scope == .user || scope == .group, !KeyNames.canName(subject, scope) {
            let caller = scope == .user ? ", or the id of a caller, such as \"user:...\" of a token" : ""
            let way = "write the name of the key before it, such as \(quoted("app/\(subject)"))\(caller)"
            section.note("several keys may name a \(scope.rawValue) \(quoted(subject)); \(way)", "of")
        }
        guard let name, let limit else { return nil }
        if !names.insert(name).inserted { section.note("\(quoted(name)) is there twice; rename one", "name") }
        return Budget(name: name, scope: scope, subject: subject, period: period, limit: limit)
    }
}
