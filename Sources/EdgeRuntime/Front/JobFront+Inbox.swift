// A dropped file's request, on the way that a client's goes: admission, cache, job.
internal import Callers
internal import CivilTime
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

extension JobFront {
    /// How long what cannot be accepted now waits when nobody says.
    private static let inboxPause = Duration.seconds(10)

    /// Makes the request a job, once for each file.
    func submit(_ file: InboxFile, among functions: Functions) async -> Inbox.Fate {
        let request = file.request
        guard let function = functions[request.function], function.entry.isPublic, let settings = function.entry.job
        else {
            let known = functions.all.filter { $0.entry.job != nil && $0.entry.isPublic }.map(\.name)
                .joined(separator: ", ")
            return .refused("there is no job function \"\(request.function)\"; there are: \(known)")
        }
        do {
            return .accepted(job: try await accept(file, function, settings))
        } catch {
            let problem = Problem.told(error, function: function.name).problem
            if problem.code == Problem.idempotencyKeyReused.code {
                return .refused(
                    "a file of this name with another content was accepted before; give each file a name of its own"
                )
            }
            let isPassing =
                problem.status >= 500 || [408, 425, 429].contains(problem.status)
                || problem.status == 402 && problem.retryAfter != nil
            guard isPassing, problem.status != 501 else { return .refused("\(problem.message) (\(problem.code))") }
            return .later(problem.message, after: problem.retryAfter.map { .seconds($0) } ?? Self.inboxPause)
        }
    }

    private func accept(
        _ file: InboxFile,
        _ function: LiveFunction,
        _ settings: JobSettings
    ) async throws -> String {
        let claim = try await board.finishing.idempotency.claim(file.mark)
        defer { claim.letGo() }
        if let known = claim.known { return known.id }
        var fields = file.request.fields
        let named = try RequestWebhook.take(from: &fields)
        let webhook = try webhook(named, of: function, base: "")
        let found = try await pictures.takePictures(from: &fields, base: "", inputs: settings.inputs)
        let asked = TakenRequest(
            body: fields.encoded(),
            contentType: "application/json",
            target: "/functions/v1/\(function.name)",
            pictures: found.pictures
        )
        guard asked.body.count <= RequestPictures.fieldsBytesMax else { throw Problem.fieldsTooLarge }
        let context = RequestContext(
            id: "inbox",
            request: HTTPRequest(method: "POST", target: asked.target, body: HTTPBodyReader()),
            started: .now,
            base: ""
        )
        var ticket: Ticket
        switch try await admit(context, asked, function, settings) {
        case .ticket(let admitted): ticket = admitted
        case .refused(let status, _, let retryAfter, let body):
            let document = (try? JSONValue.parse(body))?.object ?? [:]
            throw Problem(status: status, document: document, retryAfter: retryAfter.flatMap { Int($0) })
        }
        if let key = ticket.key, !ticket.isFresh, function.entry.cache != nil, await !board.hasNewResult(key: key),
            let entry = await cache.lookup(key: key, now: .now()), try await isWhole(entry.result)
        {
            let keeps = named == nil ? nil : webhook
            guard let document = await keep(entry, ticket, function, claim, .local, keeps),
                let id = document["id"]?.string
            else {
                throw AcceptError.noRoom
            }
            return id
        }
        try await findInputs(of: &ticket, among: found.pictures, function)
        let job = try await board.accept(
            ticket,
            for: function.name,
            needsFile: true,
            idempotency: claim.mark,
            webhook: webhook
        )
        claim.settle(job.id)
        return job.id
    }
}
