// Why requests are refused, in few words: a dashboard wants no list of all codes.

/// A label of `edge_refusals_total`.
enum RefusalReason: String, CaseIterable, Sendable {
    /// Who asks is not known, or may not do this.
    case auth
    /// A limit of requests or images.
    case limit
    /// A budget, the stop of the day, or a price that nobody knows.
    case budget
    /// A prompt, model or size that the caller may not ask for.
    case policy
    /// The work would begin too late for its tier.
    case overflow
    /// As many jobs, callers or bodies as the host can hold.
    case capacity
    /// The disk has no room.
    case disk

    /// - Returns: nil for what is no refusal but a mistake of the request, or a fault.
    init?(code: String) {
        switch code {
        case "caller_unknown", "key_refused", "token_refused", "not_your_job", "metrics_private": self = .auth
        case "cooldown", "rate_limit", "daily_limit", "monthly_limit", "too_many_checks": self = .limit
        case "budget", "price_unknown", "spend_stopped", "ledger_unusable": self = .budget
        case "prompt_refused", "model_not_allowed", "size_not_allowed": self = .policy
        case "busy": self = .overflow
        case "too_many_jobs", "too_many_callers", "too_many_connections", "webhooks_busy", "body_memory",
            "too_many_tokens":
            self = .capacity
        case "disk_full": self = .disk
        default: return nil
        }
    }
}
