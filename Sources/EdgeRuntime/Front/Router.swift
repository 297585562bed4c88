// Which function or which endpoint of the host a public path means.

/// Finds who answers a request. Made once for each manifest; a look-up of a whole path is one look into a dictionary.
package struct Router: Sendable {
    /// Who answers.
    package enum Destination: Equatable, Sendable {
        /// A function; `path` is what it sees: below `/functions/v1/<name>` or below the matched route, `/` for these themselves.
        case function(name: String, path: String)
        /// `/images/<sha256>.<suffix>`
        case image(sha256: String, suffix: String)
        /// `/healthz`
        case health
        /// `/readyz`
        case ready
        /// `/metrics`
        case metrics
        /// `/functions/v1/tokens`, or below it one provider's.
        case tokens(provider: String?)
        /// OPTIONS where nobody but the host answers it (a preflight comes before routing): 204 with this `Allow`.
        case options(allow: [String])
        /// 405 with this `Allow`.
        case methodNotAllowed(allow: [String])
        /// A call in the words of another API.
        case dialect(DialectMatch)
        /// 404 that lists the functions; the name is empty when the path ends before it.
        case unknownFunction(name: String)
        /// 404
        case notFound
    }

    private enum Place: Sendable {
        case function(Target, path: String)
        case host(Destination)
    }

    private struct Target: Sendable {
        let name: String
        /// Nil: all.
        let methods: [String]?
    }

    private static let functionsPrefix = "/functions/v1/"
    private static let imagesPrefix = "/images/"
    private static let tokensName = TokenFront.name

    /// The names of all functions that clients reach, in the order of the manifest.
    package let functionNames: [String]
    private let dialects: DialectPaths
    private var targets: [String: Target] = [:]
    private var exact: [String: Place] = [
        "/healthz": .host(.health), "/readyz": .host(.ready), "/metrics": .host(.metrics),
        TokenFront.path: .host(.tokens(provider: nil)),
    ]
    private var below: [String: Target] = [:]

    package init(_ manifest: Manifest) {
        functionNames = manifest.functions.filter(\.isPublic).map(\.name)
        dialects = DialectPaths(manifest)
        for entry in manifest.functions where entry.isPublic {
            let methods = entry.methods ?? (entry.job == nil ? nil : HTTPMethods.ofJobs)
            let target = Target(name: entry.name, methods: methods.map(HTTPMethods.withHead))
            targets[entry.name] = target
            exact[Self.functionsPrefix + entry.name] = .function(target, path: "/")
            for route in entry.routes {
                if route.takesBelow {
                    below[route.path] = target
                } else {
                    exact[route.path] = .function(target, path: "/")
                }
            }
        }
    }

    /// - Parameter path: as it was sent, without the query.
    package func route(method: String, path: String) -> Destination {
        let place = exact[path]
        if place == nil, let match = dialects.match(method: method, path: path) {
            return match.allow.isEmpty ? .dialect(match) : refusal(of: method, allow: match.allow)
        }
        guard let place = place ?? search(path) else {
            guard method == "OPTIONS", path == "*" else { return .notFound }
            return .options(allow: HTTPMethods.known)
        }
        switch place {
        case .function(let target, let path):
            let allowed = target.methods ?? HTTPMethods.known
            if allowed.contains(method) { return .function(name: target.name, path: path) }
            return refusal(of: method, allow: allowed)
        case .host(.image(let sha256, let suffix)):
            return HTTPMethods.ofHost.contains(method)
                ? .image(sha256: sha256, suffix: suffix) : refusal(of: method, allow: HTTPMethods.ofHost)
        case .host(let destination):
            switch destination {
            case .tokens(let provider):
                let allow = provider == nil ? TokenFront.methodsOfAll : TokenFront.methodsOfOne
                return allow.contains(method) ? destination : refusal(of: method, allow: allow)
            case .health, .ready, .metrics:
                return HTTPMethods.ofHost.contains(method)
                    ? destination : refusal(of: method, allow: HTTPMethods.ofHost)
            default: return destination
            }
        }
    }

    /// The API whose clients ask for this path, and in whose shape they are told errors; nil: none but our own.
    package func dialect(of path: String, method: String) -> FunctionEntry.Dialect? {
        dialects.dialect(of: path, method: method)
    }

    /// The host answers OPTIONS itself where nobody else does, so `Allow` names it.
    private func refusal(of method: String, allow: [String]) -> Destination {
        let allow = allow.contains("OPTIONS") ? allow : allow + ["OPTIONS"]
        return method == "OPTIONS" ? .options(allow: allow) : .methodNotAllowed(allow: allow)
    }

    private func search(_ path: String) -> Place? {
        guard PublicPath.isPlain(path) else { return nil }
        if path.hasPrefix(Self.functionsPrefix) { return function(at: path.dropFirst(Self.functionsPrefix.count)) }
        if path == "/functions/v1" { return .host(.unknownFunction(name: "")) }
        if path.hasPrefix(Self.imagesPrefix) { return image(named: path.dropFirst(Self.imagesPrefix.count)) }
        let first = path.dropFirst().prefix { $0 != "/" }
        guard !RoutePattern.hostSegments.contains(String(first)), !PublicPath.isForHostOnly(path[...]) else {
            return nil
        }

        // The longest route wins: cut one segment after the other from the end.
        var end = path.endIndex
        while let slash = path[..<end].lastIndex(of: "/") {
            if let target = below[String(path[..<slash])] { return function(target, at: path[slash...]) }
            end = slash
        }
        return nil
    }

    private func function(at rest: Substring) -> Place? {
        let name = rest.prefix { $0 != "/" }
        if name == Self.tokensName {
            let provider = rest[name.endIndex...].dropFirst()
            return provider.isEmpty || provider.contains("/") ? nil : .host(.tokens(provider: String(provider)))
        }
        guard let target = targets[String(name)] else { return .host(.unknownFunction(name: String(name))) }
        return function(target, at: rest[name.endIndex...])
    }

    private func function(_ target: Target, at path: Substring) -> Place? {
        PublicPath.isForHostOnly(path) ? nil : .function(target, path: String(path))
    }

    private func image(named name: Substring) -> Place? {
        let sha256 = name.prefix(64)
        let rest = name.dropFirst(64)
        let suffix = rest.dropFirst()
        guard sha256.utf8.count == 64, sha256.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }),
            rest.hasPrefix("."), (1...8).contains(suffix.utf8.count),
            suffix.utf8.allSatisfy({ (48...57).contains($0) || (97...122).contains($0) })
        else { return nil }
        return .host(.image(sha256: String(sha256), suffix: String(suffix)))
    }
}
