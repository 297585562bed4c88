// Reads the block `host.limits`.
internal import CivilTime
internal import FileReading
internal import JSON
internal import Limits

extension LimitSettings {
    private static let countMax = 1_000_000_000

    init(from section: inout FileSection) {
        self.init()
        zone = Self.zone(from: &section)
        caller = Self.rules("caller", from: &section)
        user = Self.rules("user", from: &section)
        group = Self.rules("group", from: &section)
        address = Self.rules("address", from: &section)
        if var functions = section.section("functions") {
            for name in functions.object.keys { self.functions[name] = Self.rules(name, from: &functions) }
        }
        section.refuseUnknownKeys(hints: [
            "tiers": "tiers have a block of their own, host.tiers",
            "function": "write \"functions\", and below it each function's name",
        ])
    }

    private static func rules(_ key: String, from section: inout FileSection) -> LimitRules {
        var rules = LimitRules()
        guard var below = section.section(key) else { return rules }
        rules.cooldown =
            below.duration(
                "cooldown",
                in: .zero...LimitBook.cooldownMax,
                example: .seconds(10)
            ) ?? rules.cooldown
        rules.perMinute = below.count("perMinute", default: rules.perMinute, in: 0...countMax)
        rules.perDay = below.count("perDay", default: rules.perDay, in: 0...countMax)
        rules.perMonth = below.count("perMonth", default: rules.perMonth, in: 0...countMax)
        below.refuseUnknownKeys(hints: ["beyond": "what is beyond a limit is refused; only tiers can slow it"])
        return rules
    }

    private static func zone(from section: inout FileSection) -> TimeZone {
        guard let name = section.text("timezone", example: "write a zone's name, such as \"Europe/Berlin\"") else {
            return .utc
        }
        do {
            return try TimeZoneFile.read(name)
        } catch {
            section.note(error.reason, "timezone")
            return .utc
        }
    }
}
