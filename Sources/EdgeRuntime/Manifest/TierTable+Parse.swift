// Reads the block `host.tiers`.
internal import Callers
internal import FileReading
internal import JSON

extension TierTable {
    /// Longest times that a tier may set.
    private static let waitMax = Duration.seconds(86_400)
    private static let countMax = 1_000_000_000

    init(from section: inout FileSection) {
        self.init()
        for tier in Tier.allCases {
            guard var below = section.section(tier.rawValue) else { continue }
            self[tier] = Self.rules(of: tier, from: &below)
        }
        section.refuseUnknownKeys()
    }

    private static func rules(of tier: Tier, from section: inout FileSection) -> TierRules {
        var rules = TierRules(tier)
        rules.wait = section.duration("wait", default: rules.wait, in: .seconds(1)...waitMax)
        rules.perDay = section.count("perDay", default: rules.perDay, in: 0...countMax)
        rules.perMonth = section.count("perMonth", default: rules.perMonth, in: 0...countMax)
        rules.beyond = section.choice("beyond", default: rules.beyond)
        rules.cooldown = section.duration("cooldown", default: rules.cooldown, in: .zero...waitMax)
        rules.weight = section.count("weight", default: rules.weight, in: 1...1000)
        rules.slots = section.count("slots", default: rules.slots, in: 0...1000)
        if section.object["overflow"]?.isNull == true {
            _ = section.value("overflow")
            rules.overflow = nil
        } else if section.object["overflow"] != nil || rules.overflow != nil {
            rules.overflow = section.duration(
                "overflow",
                default: rules.overflow ?? .seconds(60),
                in: .zero...waitMax
            )
        } else {
            _ = section.value("overflow")
        }
        if section.object["models"]?.isNull == false {
            rules.models = section.texts("models") { $0.isEmpty ? "this is empty; name a model or a provider" : nil }
            if section.object["models"] == .array([]) {
                section.note(
                    "this is empty, so that nothing could be made; name a model, or leave the key out",
                    "models"
                )
            }
        } else {
            _ = section.value("models")
        }
        rules.sizes = section.texts("sizes") { text in
            ImageSize(text) == nil ? "\(quoted(text)) is no size; write width x height, such as \"1024x1024\"" : nil
        }.compactMap { ImageSize($0) }
        rules.allowsNSFW = section.flag("nsfw", default: rules.allowsNSFW)
        section.refuseUnknownKeys()
        return rules
    }
}
