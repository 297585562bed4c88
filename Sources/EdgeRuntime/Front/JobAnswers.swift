// The HTTP answers that jobs and their results lead to.
internal import CivilTime
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

/// Builds answers; decides nothing about jobs.
@LoopActor
struct JobAnswers {
    let images: ImageFiles

    /// A result in the form that the caller chose; nil when an image's file is missing or damaged.
    /// - Parameters:
    ///   - maxAge: seconds a copy may be kept; nil: it must not be kept, since the caller asked for a new image.
    ///   - document: the job document, for callers that chose it.
    func result(
        _ result: JobResult,
        as choice: AnswerChoice,
        maxAge: Int?,
        cacheStatus: String,
        document: () -> JSONObject
    ) async throws -> HTTPResponse? {
        // A document with the URL of an image that is gone would be no result either.
        for image in result.images {
            guard let name = image.name, try await images.open(name) != nil else { return nil }
        }
        switch choice {
        case .document:
            return Self.told("application/json", document().encoded(), cacheStatus)
        case .events:
            return Self.told("text/event-stream", EventText.event("done", document()), cacheStatus)
        case .image, .octets:
            guard let image = result.images.first, let name = image.name, let handle = try await images.open(name)
            else { return nil }
            return Self.image(image, .file(handle.region), as: choice, maxAge: maxAge, cacheStatus: cacheStatus)
        }
    }

    /// An image's own bytes.
    static func image(
        _ image: ImageRecord,
        _ body: HTTPResponse.Body,
        as choice: AnswerChoice,
        maxAge: Int?,
        cacheStatus: String
    ) -> HTTPResponse {
        var headers: HTTPHeaders = [
            "Content-Type": choice == .octets ? "application/octet-stream" : image.type,
            "ETag": "\"\(image.sha256)\"",
            "Cache-Control": maxAge.map { "public, max-age=\($0), immutable" } ?? "no-store",
            "Cache-Status": cacheStatus, "Vary": AnswerChoice.vary, "X-Content-Type-Options": "nosniff",
        ]
        headers.add("Content-Location", "/images/\(image.fileName)")
        return HTTPResponse(headers: headers, body: body)
    }

    private static func told(_ contentType: String, _ body: [UInt8], _ cacheStatus: String) -> HTTPResponse {
        HTTPResponse(
            headers: [
                "Content-Type": contentType, "Cache-Control": "no-store", "Cache-Status": cacheStatus,
                "Vary": AnswerChoice.vary,
            ],
            body: .bytes(body)
        )
    }

    /// 202: the job goes on, and where to ask for it.
    func accepted(_ document: JSONObject, id: String, base: String, applied: String?) -> HTTPResponse {
        var headers: HTTPHeaders = [
            "Content-Type": "application/json", "Cache-Control": "no-store",
            "Retry-After": "\(Self.pollSeconds(document, now: .now()))",
            "Location": "\(base)\(Self.statusPath(id))", "Vary": AnswerChoice.vary,
        ]
        if let applied { headers.add("Preference-Applied", applied) }
        return HTTPResponse(status: 202, headers: headers, body: .bytes(document.encoded()))
    }

    static func statusPath(_ id: String) -> String { "/functions/v1/status/\(id)" }

    /// Seconds until a poll makes sense: not before the job is expected to begin, but estimates change.
    static func pollSeconds(_ document: JSONObject, now: Timestamp) -> Int {
        let least = document["state"]?.string == JobState.waiting.rawValue ? 5 : 2
        guard let start = document["estimatedStart"]?.string.flatMap({ Timestamp(iso8601: $0) }) else { return least }
        return min(max(least, Int((start - now).inSeconds)), pollSecondsMax)
    }

    private static let pollSecondsMax = 30

    /// The end of a job without a result.
    static func problem(_ failure: JobFailure, of job: Job) -> Problem {
        var problem = Problem(status: failure.status, document: failure.details, retryAfter: failure.retryAfter)
        problem.code = failure.code
        problem.message = failure.message
        if job.hasFile { problem.more["job"] = .string(job.id) }  // its attempts are in its document
        return problem
    }

    static func problem(_ error: AcceptError, function: String) -> Problem {
        switch error {
        case .dayCap(let perDay, let retryAfter):
            Problem(
                status: 429,
                code: "daily_limit",
                message:
                    "The function \(function) has had its \(perDay) runs of today (functions.\(function).job.perDay in "
                    + "functions.json). The count begins anew at 00:00 UTC; what is cached is still answered.",
                retryAfter: retryAfter
            )
        case .tooManyJobs(let limit):
            Problem(
                status: 503,
                code: "too_many_jobs",
                message: "\(limit) jobs are unfinished, as many as this host keeps. Try again later.",
                retryAfter: 30
            )
        case .noRoom:
            Problem(
                status: 503,
                code: "disk_full",
                message: "The host's disk is nearly full: it accepts no new jobs until its operator has made room.",
                retryAfter: 60
            )
        case .stopping: .stopping(retryAfter: 1)
        }
    }

    static func problem(_ error: IsolateError) -> Problem {
        let retryAfter = error.retryAfter.map { max(1, Int(($0 / .seconds(1)).rounded(.up))) }
        var problem = Problem(
            status: error.status,
            code: error.code,
            message: error.publicDescription,
            retryAfter: retryAfter
        )
        problem.fault = error.fault
        return problem
    }
}
