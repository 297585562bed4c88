// What callers are told who name a receiver that cannot be promised anything.

extension Problem {
    static func badWebhook(_ mistake: String) -> Problem {
        Problem(status: 400, code: "bad_webhook", message: "webhook \(mistake)", field: "webhook")
    }

    static let noWebhooks = Problem(
        status: 400,
        code: "webhooks_unavailable",
        message:
            "this host delivers no webhooks: its functions.json has no function \"webhook\" with \"public\": false; "
            + "ask for the job's status instead",
        field: "webhook"
    )

    static let webhookUnsigned = Problem(
        status: 400,
        code: "webhooks_unavailable",
        message:
            "this host delivers no webhooks: its operator has set no \(WebhookOutbox.secretName) to sign them with "
            + "(nor \(WebhookOutbox.unsignedName)=1); ask for the job's status instead",
        field: "webhook"
    )

    static let tooManyWebhooks = Problem(
        status: 503,
        code: "webhooks_busy",
        message: "\(WebhookOutbox.waitingMax) webhooks wait for their receivers; try again later, or without one",
        retryAfter: 60
    )
}
