// /functions/v1/tokens: callers set, see and remove provider tokens of their own.
internal import CivilTime
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON
internal import Secrets

/// Answers for the host itself. A token goes in, is checked by the function that knows its provider, and never comes out again.
@LoopActor
final class TokenFront {
    /// What no function can be called.
    nonisolated static let name = "tokens"
    nonisolated static let path = "/functions/v1/\(name)"
    /// A JSON object with a token.
    static let bodyBytesMax = 16 << 10
    /// Shorter ones could not be told from other text in a log; OAuth tokens are long.
    nonisolated static let tokenBytes = 8...4096
    nonisolated static let methodsOfAll = ["GET", "HEAD"]
    nonisolated static let methodsOfOne = ["GET", "HEAD", "PUT", "DELETE"]
    /// Checks under way at once.
    private static let checksMax = 8
    /// Of a check's text that is kept.
    private static let checkCharactersMax = 300

    private let functions: Functions
    private let caller: FunctionCaller
    private let vault: TokenVault
    private let log: LogWriter
    /// Answers that were remembered hold for the tokens that were.
    private let onChange: @LoopActor () -> Void
    private var rate = CheckRate()
    private var changing: Set<TokenName> = []
    private var checks = 0

    init(
        functions: Functions,
        caller: FunctionCaller,
        vault: TokenVault,
        log: LogWriter,
        onChange: @escaping @LoopActor () -> Void
    ) {
        self.functions = functions
        self.caller = caller
        self.vault = vault
        self.log = log
        self.onChange = onChange
    }

    /// - Parameters:
    ///   - owner: whose tokens; nil for strangers.
    ///   - provider: nil: all.
    func answer(_ request: HTTPRequest, owner: String?, provider: String?) async throws -> HTTPResponse {
        guard let owner else { throw Problem.ownTokenStranger }
        guard let provider else { return list(owner) }
        switch request.method {
        case "PUT": return try await put(request, owner, provider)
        case "DELETE": return try await delete(owner, provider)
        default:
            guard let kept = vault.kept(owner, provider) else { throw missing(provider) }
            return Self.json(shown(kept))
        }
    }

    // MARK: What is shown

    private func list(_ owner: String) -> HTTPResponse {
        Self.json([
            "tokens": .array(vault.kept(owner).map { .object(shown($0)) }),
            "providers": .array(providers.map { .string($0) }),
        ])
    }

    /// Never the token: its last characters at most, and those only of a token that is long enough.
    private func shown(_ kept: KeptToken) -> JSONObject {
        var object: JSONObject = [
            "provider": .string(kept.provider), "set": .string(kept.set.iso8601), "check": .string(kept.check),
            "kept": .string(vault.isDurable ? "disk" : "memory"),
        ]
        do {
            let token = try vault.token(kept.name)?.reveal() ?? ""
            if token.utf8.count >= Self.lastShownFrom { object["last"] = .string(String(token.suffix(Self.lastShown))) }
        } catch {
            object["problem"] = .string("\(error); set it again")
        }
        return object
    }

    private static let lastShown = 4
    private static let lastShownFrom = 20

    /// All whose tokens some function takes.
    private var providers: [String] {
        functions.all.reduce(into: Set<String>()) { $0.formUnion($1.entry.tokens) }.sorted()
    }

    private func missing(_ provider: String) -> Problem {
        providers.contains(provider) ? .ownTokenMissing(provider) : .ownTokenProvider(provider, known: providers)
    }

    // MARK: Changes

    private func put(_ request: HTTPRequest, _ owner: String, _ provider: String) async throws -> HTTPResponse {
        guard let function = functions.all.first(where: { $0.entry.tokens.contains(provider) }) else {
            throw missing(provider)
        }
        let token = try Self.token(in: try await request.body.collect(upTo: Self.bodyBytesMax))
        let name = TokenName(owner: owner, provider: provider)
        guard vault.hasRoom(for: name) else { throw Problem.ownTokensFull }
        return try await changed(name) {
            let text = try await check(token, function, name)
            let isNew = vault.kept(owner, provider) == nil
            let kept = try await written {
                try await vault.keep(token, owner: owner, provider: provider, check: text, now: .now())
            }
            onChange()
            var response = Self.json(shown(kept))
            response.status = isNew ? 201 : 200
            return response
        }
    }

    private func delete(_ owner: String, _ provider: String) async throws -> HTTPResponse {
        guard vault.kept(owner, provider) != nil else { throw missing(provider) }
        return try await changed(TokenName(owner: owner, provider: provider)) {
            try await written { try await vault.remove(owner: owner, provider: provider) }
            onChange()
            return HTTPResponse(status: 204, headers: ["Cache-Control": "no-store"])
        }
    }

    /// One change of a token after the other: an earlier one must not be written over a later one.
    private func changed(
        _ name: TokenName,
        _ body: @LoopActor () async throws -> HTTPResponse
    ) async throws -> HTTPResponse {
        guard changing.insert(name).inserted else { throw Problem.ownTokenBusy }
        defer { changing.remove(name) }
        return try await body()
    }

    private func written<Output>(_ body: @LoopActor () async throws -> Output) async throws -> Output {
        do {
            return try await body()
        } catch {
            log.write(.error, "a caller's token could not be written down: \(error)")
            throw Problem.ownTokenNotWritten
        }
    }

    /// Has the function make its provider's cheapest call.
    /// - Returns: what is known of the token.
    private func check(_ token: SecretValue, _ function: LiveFunction, _ name: TokenName) async throws -> String {
        if let seconds = rate.take(name.owner ?? "", now: .now()) {
            throw Problem.ownTokenTooOften(CheckRate.anHour, retryAfter: seconds)
        }
        guard checks < Self.checksMax else { throw Problem.ownTokensCrowded(retryAfter: 5) }
        checks += 1
        defer { checks -= 1 }
        let response = try await caller.check(function, provider: name.provider, token: token)
        let document = (try? JSONValue.parse(try await response.collect(upTo: RunReading.bodyBytesMax)))?.object ?? [:]
        guard response.status == 200 else {
            throw Problem.ownTokenRefused(
                name.provider,
                status: response.status,
                retryAfter: response.headers["Retry-After"],
                document: document
            )
        }
        return String((document["text"]?.string ?? "the token works").prefix(Self.checkCharactersMax))
    }

    /// Nothing of the body is repeated in an error.
    private static func token(in body: [UInt8]) throws(Problem) -> SecretValue {
        guard let object = (try? JSONValue.parse(body))?.object else {
            throw .ownTokenBody("the body is no JSON object")
        }
        guard object.keys.allSatisfy({ $0 == "token" }) else {
            throw .ownTokenBody("the body has other fields than token")
        }
        guard let text = object["token"]?.string else { throw .ownTokenBody("token is missing or no string") }
        guard tokenBytes.contains(text.utf8.count) else { throw .ownTokenBody("token has \(text.utf8.count) bytes") }
        guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw .ownTokenBody("token holds a space, a line break or a character beyond ASCII")
        }
        return SecretValue(text)
    }

    private static func json(_ object: JSONObject) -> HTTPResponse {
        HTTPResponse(
            headers: ["Content-Type": "application/json", "Cache-Control": "no-store"],
            body: .bytes(object.encoded())
        )
    }
}
