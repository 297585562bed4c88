// What callers are told whom a limit or the policy holds back.
internal import Callers
internal import JSON
internal import Limits

extension Problem {
    static func limited(_ refusal: LimitRefusal) -> Problem {
        var problem = Problem(
            status: 429,
            code: refusal.code,
            message: refusal.sentence,
            retryAfter: refusal.retryAfter
        )
        problem.rateLimit = refusal.fields
        problem.more["type"] = "https://iana.org/assignments/http-problem-types#quota-exceeded"
        problem.more["violated-policies"] = .array(refusal.violated.map { .string($0) })
        return problem
    }

    static let tooManyCallers = Problem(
        status: 503,
        code: "too_many_callers",
        message: "More callers than this host can count have had images made. Try again later.",
        retryAfter: 3600
    )

    static func modelNotAllowed(_ tier: Tier, _ models: [String]) -> Problem {
        var problem = Problem(
            status: 403,
            code: "model_not_allowed",
            message: "\(tier.rawValue) users may ask for these models only: \(models.joined(separator: ", ")).",
            field: "model"
        )
        problem.more["allowed"] = .array(models.map { .string($0) })
        return problem
    }

    static func sizeNotAllowed(_ tier: Tier, _ sizes: [ImageSize]) -> Problem {
        let names = sizes.map(\.description)
        var problem = Problem(
            status: 403,
            code: "size_not_allowed",
            message:
                "\(tier.rawValue) users may ask for at most \(names.joined(separator: " or ")): name a width and a height within.",
            field: "width"
        )
        problem.more["allowed"] = .array(names.map { .string($0) })
        return problem
    }

    /// 400, as clients of other APIs know it. Which word it was would be a list of them, one after the other.
    static let promptRefused = Problem(
        status: 400,
        code: "prompt_refused",
        message:
            "This host does not take this prompt: what it asks for is not allowed here. Change it and send it again.",
        field: "prompt"
    )
}

extension RateLimitFields {
    var headers: [(name: String, value: String)] { [("RateLimit-Policy", policy), ("RateLimit", state)] }
}
