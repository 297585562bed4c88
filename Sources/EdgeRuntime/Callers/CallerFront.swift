// Who sends a request: by its key, its token, or its address.
internal import Callers
internal import CivilTime
internal import EdgeHTTP
internal import EdgeLoop
internal import Limits

/// Tells callers apart for the front. What it goes by changes when keys or settings do.
@LoopActor
final class CallerFront {
    private var keys: KeySet
    private var hasCallers: Bool
    private var trusted: [AddressRange] = []
    private var tokens = JWTVerifier()
    /// Whether limits go by the addresses of users, too.
    private var countsAddresses = false
    /// Told when it may have changed whether callers are known.
    var onChange: @LoopActor () -> Void = {}
    /// Where newer keys of tokens may come from.
    private let keyring: TokenKeyring?

    init(keys: KeySet, keyring: TokenKeyring? = nil) {
        self.keys = keys
        self.keyring = keyring
        hasCallers = keys.hasCallers
    }

    /// Whether anybody can show who it is.
    var knowsCallers: Bool { hasCallers || tokens.canVerify }

    func use(_ keys: KeySet) {
        self.keys = keys
        hasCallers = keys.hasCallers
        onChange()
    }

    func use(_ settings: HostSettings, _ tokens: JWTVerifier) {
        trusted = settings.trustedProxies
        self.tokens = tokens
        countsAddresses = settings.limits.map { !$0.address.isEmpty } ?? false
        onChange()
    }

    /// Takes over other public keys of tokens.
    func use(_ keys: JWTKeySet) { tokens.keys = keys }

    /// As ``identify(_:for:)``; a token whose key is not known waits for newer keys first, if some may be fetched.
    /// - Parameter function: nil: the host itself is asked, of which strangers may ask, too.
    func known(_ request: HTTPRequest, for function: FunctionEntry?) async throws(Problem) -> Caller {
        do {
            return try identify(request, for: function)
        } catch {
            guard let keyring, case .token(let token) = Self.credential(of: request), tokens.lacksKey(of: token),
                await keyring.renewed({ [self] in !tokens.lacksKey(of: token) })
            else { throw error }
            return try identify(request, for: function)
        }
    }

    /// - Throws: a 401 where the request shows something wrong, or nothing where something is required.
    func identify(_ request: HTTPRequest, for function: FunctionEntry?) throws(Problem) -> Caller {
        guard let function else { return try identify(request, isRequired: false, of: nil) }
        // The one Unix socket that clients' requests come by is the operator's, which only the owner of the state folder can open.
        guard case .ip = request.peer else { return .local }
        guard function.auth != .none else { return stranger(request) }
        return try identify(request, isRequired: function.auth == .required, of: function)
    }

    private func identify(
        _ request: HTTPRequest,
        isRequired: Bool,
        of function: FunctionEntry?
    ) throws(Problem) -> Caller {
        let name = function?.name ?? ""
        switch Self.credential(of: request) {
        case .none:
            if isRequired { throw .callerUnknown(name) }
            return stranger(request)
        case .key(let key):
            return try caller(of: key, request, for: function)
        case .brokenKey:
            throw .wrongKey("it is mistyped or cut: its checksum does not fit")
        case .token(let token) where tokens.canVerify:
            if var caller = try caller(of: token) {
                if countsAddresses { caller.address = stranger(request).address }
                return caller
            }
            if isRequired { throw .callerUnknown(name) }  // a token that everybody has names nobody
            return stranger(request)
        case .token, .foreign:
            // A host that knows no callers cannot tell what is wrong: clients that always send something are strangers there.
            if isRequired || hasCallers || tokens.canVerify { throw .wrongCredential }
            return stranger(request)
        }
    }

    /// Whether the request shows an operator's key.
    func isOperator(_ request: HTTPRequest) -> Bool {
        guard case .key(let key) = Self.credential(of: request),
            case .good(let record, _) = keys.find(key, now: .now())
        else { return false }
        return record.role == .operate
    }

    private static func credential(of request: HTTPRequest) -> Credential {
        let headers = request.headers
        return Credential(
            authorization: headers["Authorization"],
            xAPIKey: headers["x-api-key"],
            apikey: headers["apikey"]
        )
    }

    private func caller(
        of key: APIKey,
        _ request: HTTPRequest,
        for function: FunctionEntry?
    ) throws(Problem) -> Caller {
        switch keys.find(key, now: .now()) {
        case .good(let record, let ends):
            guard record.role == .caller else {
                // It makes nothing, but may end and remove everybody's jobs.
                if let function, function.job == nil, function.grants.contains(.jobs) {
                    return Caller(id: Caller.operatorPrefix + record.id, isKnown: true, ends: ends)
                }
                throw .wrongKey("it is an operator's key, which calls no function; use one of `edge keys create`")
            }
            var caller = Caller(id: "key:\(record.id)", tier: record.tier, isKnown: true, ends: ends)
            caller.allowsNSFW = record.allowsNSFW
            if record.actsForOthers {
                caller.user = try Self.name("Edge-User", request)
                caller.group = try Self.name("Edge-Group", request)
                if try Self.forbidsNSFW(request) { caller.allowsNSFW = false }
            }
            return caller
        case .revoked: throw .wrongKey("it was revoked")
        case .ended: throw .wrongKey("it was replaced by another, and its time of grace is over")
        case .unknown: throw .wrongKey("this host does not know it")
        }
    }

    private func caller(of token: String) throws(Problem) -> Caller? {
        do { return try tokens.caller(of: token, now: .now()) } catch { throw .wrongToken(error.description) }
    }

    private static func name(_ field: String, _ request: HTTPRequest) throws(Problem) -> String? {
        guard let name = request.headers[field] else { return nil }
        guard Caller.isName(name) else {
            throw Problem(
                status: 400,
                code: "bad_end_user",
                message: "\(field) is 1 to \(Caller.nameBytesMax) visible ASCII characters without spaces",
                field: field
            )
        }
        return name
    }

    /// What a key with the right says of the place that a picture is for.
    private static func forbidsNSFW(_ request: HTTPRequest) throws(Problem) -> Bool {
        switch request.headers["Edge-Nsfw"]?.lowercased() {
        case nil, "true", "1": return false
        case "false", "0": return true
        default:
            throw Problem(
                status: 400,
                code: "bad_nsfw",
                message: "Edge-Nsfw is true or false",
                field: "Edge-Nsfw"
            )
        }
    }

    private func stranger(_ request: HTTPRequest) -> Caller {
        guard case .ip(let peer, _) = request.peer else { return .local }
        guard !trusted.isEmpty else { return Caller(id: ClientAddress.id(of: peer)) }
        let address = ClientAddress.of(
            peer: peer,
            forwardedFor: request.headers["X-Forwarded-For"],
            forwarded: request.headers["Forwarded"],
            trusted: trusted
        )
        return Caller(id: ClientAddress.id(of: address))
    }
}
