// How much, and how soon: what one holder of limits is held to.
package import Callers
package import CivilTime

/// Nothing that is 0 is limited.
package struct LimitRules: Sendable, Equatable {
    /// The least time from one image to the next.
    package var cooldown = Duration.zero
    /// Requests, whatever answers them.
    package var perMinute = 0
    /// Images that are made anew, in a day and in a month of the zone.
    package var perDay = 0
    package var perMonth = 0
    /// What follows once a month's images are made.
    package var beyond = TierRules.Beyond.refuse

    package init() {}

    package init(_ tier: TierRules) {
        (cooldown, perDay, perMonth, beyond) = (tier.cooldown, tier.perDay, tier.perMonth, tier.beyond)
    }

    package var isEmpty: Bool { self == LimitRules() }
}

/// What `host.limits` says, and the tiers while they are in force.
package struct LimitSettings: Sendable, Equatable {
    /// Whose midnight ends a day.
    package var zone = TimeZone.utc
    /// Nil: tiers are not in force.
    package var tiers: TierTable?
    package var caller = LimitRules()
    package var user = LimitRules()
    package var group = LimitRules()
    package var address = LimitRules()
    package var functions: [String: LimitRules] = [:]

    package init() {}

    private var all: [LimitRules] { [caller, user, group, address] + functions.values }

    /// Whether anything is limited at all: then images are counted.
    package var isInForce: Bool { tiers != nil || all.contains { !$0.isEmpty } }
    /// Whether every request has to be counted, those too that are answered from memory.
    package var limitsRequests: Bool { all.contains { $0.perMinute > 0 } }

    /// What holds for one who asks a function; nothing for the operator on this machine.
    package func limits(of caller: Caller, function: String) -> [Limit] {
        guard caller.id != Caller.local.id else { return [] }
        var limits: [Limit] = []
        func add(_ holder: Limit.Holder, _ subject: Subject?, _ rules: LimitRules) {
            if let subject, !rules.isEmpty { limits.append(Limit(holder: holder, subject: subject, rules: rules)) }
        }
        if let tiers {
            add(.tier(caller.tier), .user(of: caller) ?? .caller(caller), LimitRules(tiers[caller.tier]))
        }
        add(.caller, .caller(caller), self.caller)
        add(.user, .user(of: caller), user)
        add(.group, .group(of: caller), group)
        add(.address, .address(of: caller), address)
        add(.function(function), .function(function), functions[function] ?? LimitRules())
        return limits
    }
}

/// Whose use is counted.
package struct Subject: Hashable, Sendable {
    /// A kind and a name: `user key:k2v5x9ab3c/8012`. What the file of counts has.
    package let text: String

    package init(text: String) { self.text = text }

    static func caller(_ caller: Caller) -> Subject { Subject(text: "caller \(caller.id)") }
    /// An end user counts below the key that names it: another key's user of that name is somebody else.
    static func user(of caller: Caller) -> Subject? {
        caller.user.map { Subject(text: "user \(caller.id)/\($0)") }
    }
    static func group(of caller: Caller) -> Subject? {
        caller.group.map { Subject(text: "group \(caller.id)/\($0)") }
    }
    static func address(of caller: Caller) -> Subject? {
        caller.address.map { Subject(text: "address \($0)") }
    }
    static func function(_ name: String) -> Subject { Subject(text: "function \(name)") }

    /// All that an image of this caller counts for.
    package static func all(of caller: Caller, function: String) -> [Subject] {
        [.caller(caller), .user(of: caller), .group(of: caller), .address(of: caller), .function(function)]
            .compactMap { $0 }
    }
}

/// Rules, and whom they hold.
package struct Limit: Sendable, Equatable {
    package enum Holder: Sendable, Equatable {
        case tier(Tier)
        case caller, user, group, address
        case function(String)

        /// Of its policies, `free-day`.
        var name: String {
            switch self {
            case .tier(let tier): tier.rawValue
            case .caller: "caller"
            case .user: "user"
            case .group: "group"
            case .address: "address"
            case .function: "function"
            }
        }

        /// As the subject of a sentence.
        var people: String {
            switch self {
            case .tier(let tier): "\(tier.rawValue) users"
            case .caller: "callers"
            case .user: "users of this app"
            case .group: "groups"
            case .address: "callers of one address"
            case .function(let name): "all callers of \(name) together"
            }
        }

        /// What others use is nobody's business.
        var isShared: Bool { if case .function = self { true } else { false } }
    }

    package let holder: Holder
    package let subject: Subject
    package let rules: LimitRules
}
