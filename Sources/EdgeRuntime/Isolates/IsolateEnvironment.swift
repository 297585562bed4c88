// The variables that a function's process gets: a short list, and nothing else.

/// Where a process is to be reached, and where it reaches the host.
enum IsolateEndpoint: Equatable, Sendable {
    case socket(path: String)
    case port(UInt16)
}

/// Variables of the host that every function gets when the host has them.
let isolateBaseNames = [
    "PATH", "HOME", "LANG", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
]

/// The whole environment of an isolate, without repeated names. `named` goes before the base set, and the host's own
/// variables (isolate-protocol.md, "Start") before both. A name or value that no environment can hold (an empty name,
/// "=" in a name, NUL) is left out.
/// - Parameters:
///   - host: looks up a variable of the host, for the base set only.
///   - named: what the function's `env` and `secrets` name, with values.
func isolateEnvironment(
    function: String,
    version: String,
    endpoint: IsolateEndpoint,
    control: String,
    named: [(name: String, value: String)],
    host: (String) -> String?
) -> [(name: String, value: String)] {
    var own = [(name: "EDGE_FUNCTION", value: function), (name: "EDGE_VERSION", value: version)]
    switch endpoint {
    case .socket(let path): own.append(("EDGE_SOCKET", path))
    case .port(let port): own.append(("PORT", String(port)))
    }
    own.append(("EDGE_CONTROL", control))
    let base = isolateBaseNames.compactMap { name in host(name).map { (name: name, value: $0) } }
    var seen: Set<String> = []
    var result: [(name: String, value: String)] = []
    for (name, value) in own + named.reversed() + base {
        let isValid = !name.isEmpty && !name.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "=") }
        guard isValid, !value.utf8.contains(0), seen.insert(name).inserted else { continue }
        result.append((name, value))
    }
    return result
}
