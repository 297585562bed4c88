// What is sent to Runware: always a list of one task, and the fetch of a result.
internal import JSON
internal import Providers

/// Builds calls from settings. Pure.
struct RunwareRequests {
    let settings: RunwareSettings

    /// The answer to a question without a picture inside.
    static let answerBytesMax = 1 << 20
    /// A call that begins work, pictures to begin with included.
    static let beginTimeout: Duration = .seconds(120)
    /// One that lasts until the image is made.
    static let syncTimeout: Duration = .seconds(300)
    static let questionTimeout: Duration = .seconds(30)
    /// How long a call that is answered at once may be silent: what is no longer there is found out soon.
    static let beginHeadTimeout: Duration = .seconds(30)
    static let questionHeadTimeout: Duration = .seconds(10)
    static let fetchTimeout: Duration = .seconds(120)
    static let fetchHeadTimeout: Duration = .seconds(30)

    /// - Parameter body: of ``RunwareTaskBody``.
    func begin(_ body: JSONObject, kind: ImageRequest.Kind, timeout: Duration) -> ProviderCall {
        let isSync = kind == .image && settings.delivery == .sync
        return call(
            body,
            answerBytesMax: answerBytesMax(kind),
            timeout: min(isSync ? Self.syncTimeout : Self.beginTimeout, timeout),
            headTimeout: isSync ? nil : Self.beginHeadTimeout
        )
    }

    /// What became of a task.
    func question(_ task: TaskUUID, kind: ImageRequest.Kind, timeout: Duration) -> ProviderCall {
        call(
            ["taskType": "getResponse", "taskUUID": .string(task.description)],
            answerBytesMax: answerBytesMax(kind),
            timeout: min(Self.questionTimeout, timeout),
            headTimeout: Self.questionHeadTimeout
        )
    }

    /// The account with its balance: makes no image.
    func account(_ task: TaskUUID) -> ProviderCall {
        call(
            [
                "taskType": "accountManagement", "taskUUID": .string(task.description), "operation": "getDetails",
            ],
            answerBytesMax: Self.answerBytesMax,
            timeout: Self.questionTimeout
        )
    }

    func ping(_ task: TaskUUID) -> ProviderCall {
        call(
            ["taskType": "ping", "taskUUID": .string(task.description)],
            answerBytesMax: Self.answerBytesMax,
            timeout: Self.questionTimeout
        )
    }

    /// The bytes of a result. Its address needs no key and gets none.
    func result(_ address: String, kind: ImageRequest.Kind, timeout: Duration) -> ProviderCall {
        ProviderCall(
            method: "GET",
            url: address,
            answerBytesMax: bytesMax(kind),
            timeout: min(Self.fetchTimeout, timeout),
            headTimeout: Self.fetchHeadTimeout,
            target: .result
        )
    }

    /// The largest result that is taken.
    func bytesMax(_ kind: ImageRequest.Kind) -> Int {
        kind == .image ? settings.imageBytesMax : settings.videoBytesMax
    }

    /// An image in base64 is a third larger, with some JSON around it.
    private func answerBytesMax(_ kind: ImageRequest.Kind) -> Int {
        kind == .image && settings.output == .base64
            ? settings.imageBytesMax / 3 * 4 + (64 << 10) : Self.answerBytesMax
    }

    private func call(
        _ task: JSONObject,
        answerBytesMax: Int,
        timeout: Duration,
        headTimeout: Duration? = nil
    ) -> ProviderCall {
        var headers = [
            ProviderHeader("Content-Type", "application/json"), ProviderHeader("Accept", "application/json"),
        ]
        if let key = settings.key { headers.append(ProviderHeader("Authorization", key.bearer)) }
        return ProviderCall(
            method: "POST",
            url: settings.baseURL,
            headers: headers,
            body: JSONValue.array([.object(task)]).encoded(),
            answerBytesMax: answerBytesMax,
            timeout: timeout,
            headTimeout: headTimeout
        )
    }
}
