// What the operator is told when the host has started or reloaded.
internal import EdgeLoop
internal import Glibc
internal import Secrets

/// The lines of a start: on a terminal as they are, else as log messages.
@LoopActor
struct StartupText {
    private let host: Host
    private let url: String

    init(_ host: Host) {
        self.host = host
        url = Self.url(of: host.listener.address)
    }

    func write() {
        var lines = ["edge \(edgeVersion) serves \(url)"]
        lines += functionLines + secretLines + tokenLines + warnings
        if host.functions["generate"] != nil {
            // A query, for JSON would be escaped where the log is JSON.
            lines.append("try: curl -o image.png '\(url)/functions/v1/generate?prompt=a+lighthouse+at+dawn'")
        }
        for line in lines { host.log.write(.info, line) }
    }

    func writeReloaded() {
        for line in ["reloaded"] + functionLines + secretLines + tokenLines + warnings { host.log.write(.info, line) }
    }

    private var functionLines: [String] {
        host.functions.manifest.functions.map { entry in
            guard entry.isPublic else { return "function \(entry.name): for the host alone" }
            let routes = (["/functions/v1/\(entry.name)"] + entry.routes.map(\.description)).joined(separator: ", ")
            return "function \(entry.name): auth \(entry.auth.rawValue), at \(routes)"
        }
    }

    private var secretLines: [String] {
        let names = host.settings.secretNames(listed: host.functions.manifest.secretNames)
        return names.sorted().map { name in
            guard let setting = host.settings[name] else { return "secret \(name): missing" }
            return "secret \(name): set in \(setting.place)"
        }
    }

    /// Where callers' own tokens are kept, on a host that takes any.
    private var tokenLines: [String] {
        guard host.functions.manifest.functions.contains(where: { !$0.tokens.isEmpty }) else { return [] }
        return [
            host.vault.isDurable
                ? "callers' own tokens: kept in \(SQLTokenStore.name), sealed with \(TokenKeys.name)"
                : "callers' own tokens: in memory only, gone when the host stops (\(TokenKeys.name) is not set; \(TokenKeys.advice))"
        ]
    }

    private var warnings: [String] {
        (host.state.warnings + host.settings.warnings + host.settings.diagnostics.map(\.description)).map {
            "warning: \($0)"
        }
    }

    /// A wildcard is no address that anybody can open.
    static func url(of address: SocketAddress) -> String {
        guard case .ip(let ip, let port) = address else { return "\(address)" }
        let isWildcard = ip.bytes.allSatisfy { $0 == 0 }
        return "http://\(isWildcard ? "127.0.0.1:\(port)" : address.description)"
    }
}
