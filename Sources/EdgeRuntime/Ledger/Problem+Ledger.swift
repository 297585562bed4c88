// Refusals about money, each with what to do.
internal import CivilTime
internal import FileReading
internal import JSON
internal import Ledger

/// Words about budgets.
enum LedgerText {
    static func name(of budget: Budget) -> String {
        if budget.isStop { return "the amount of the day at which the host stops (\(budget.name))" }
        return budget.name.hasPrefix("of ") ? "the budget \(budget.name)" : "the budget \"\(budget.name)\""
    }

    static func period(_ period: BudgetPeriod) -> String {
        switch period {
        case .day: "a day"
        case .month: "a month"
        case .total: "in all"
        }
    }
}

extension Problem {
    /// 402: a budget has no room for the price.
    static func budget(_ refusal: BudgetRefusal) -> Problem {
        let budget = refusal.budget
        let money = { MoneyText.text(of: $0) }
        let subject = KeyNames.told(refusal.subject)
        let of = subject.isEmpty || budget.scope == .all ? "" : " for \(subject)"
        let renewal =
            refusal.renews.map { "It is whole again at \($0.iso8601)." }
            ?? "It does not renew; its owner can raise it."
        let way =
            budget.isStop ? " The operator can let paid work go on with `edge spend resume`." : ""
        var problem = Problem(
            status: 402,
            code: budget.isStop ? "spend_stopped" : "budget",
            message:
                "\(capital(LedgerText.name(of: budget)))\(of) has no room for \(money(refusal.asked)): of \(money(budget.limit)) "
                + "\(LedgerText.period(budget.period)), \(money(refusal.spent)) are spent and \(money(refusal.reserved)) reserved. "
                + renewal + way,
            retryAfter: refusal.renews.map { max(1, Int(($0 - .now()).inSeconds.rounded(.up))) }
        )
        var more: JSONObject = [
            "name": .string(budget.name), "period": .string(budget.period.rawValue), "limit": .integer(budget.limit),
            "spent": .integer(refusal.spent), "reserved": .integer(refusal.reserved), "asked": .integer(refusal.asked),
        ]
        if !subject.isEmpty { more["subject"] = .string(subject) }
        more["renews"] = refusal.renews.map { .string($0.iso8601) } ?? .null
        problem.more["budget"] = .object(more)
        return problem
    }

    /// 402: what it would cost is not known, and somebody wants to know it.
    static func priceUnknown(_ lane: Lane, _ budget: Budget, function: String) -> Problem {
        let what = lane.model.map { "\($0) at \(lane.provider)" } ?? lane.provider
        var problem = Problem(
            status: 402,
            code: "price_unknown",
            message:
                "The price of \(what) is not known for this request, and \(LedgerText.name(of: budget)) counts it. Its operator can "
                + "set one: a row of \"prices\" in the settings of \(function), or functions.\(function).job.price in functions.json."
        )
        problem.more["provider"] = .string(lane.provider)
        problem.more["model"] = lane.model.map { .string($0) }
        problem.more["budget"] = ["name": .string(budget.name)]
        return problem
    }

    /// 503: stopped by hand.
    static let spendStopped = Problem(
        status: 503,
        code: "spend_stopped",
        message: "The operator has stopped paid work. What is cached and what costs nothing is still answered.",
        retryAfter: 60
    )

    /// 503: what is spent could not be remembered.
    static func ledgerUnusable(_ reason: String) -> Problem {
        Problem(
            status: 503,
            code: "ledger_unusable",
            message: "The host cannot keep account of money now, so it accepts no paid work: \(reason)",
            retryAfter: 60
        )
    }

    /// 503: a budget is new, and what counts for it is not known yet.
    static func unread(_ budget: Budget) -> Problem {
        Problem(
            status: 503,
            code: "ledger_unusable",
            message: "\(capital(LedgerText.name(of: budget))) is new, and what was spent of it is being read.",
            retryAfter: 2
        )
    }

    private static func capital(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
}
