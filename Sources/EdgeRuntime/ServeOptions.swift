// How `edge serve` was asked to run.
internal import Glibc

/// Settings of a run: flags first, then the environment (`EDGE_HOST`, `EDGE_PORT`, `EDGE_FUNCTIONS`, `EDGE_STATE`, `EDGE_PUBLIC_URL`,
/// `EDGE_LOG`, and `PORT`), then defaults.
package struct ServeOptions: Sendable, Equatable {
    /// Where to listen. nil: loopback; with `PORT` in the environment all interfaces, as platforms expect.
    package var host: String?
    /// 0 to 65535; 0: the system chooses. Default 8787.
    package var port: UInt16 = 8787
    /// nil: ./functions.json, else the one beside the program.
    package var functions: String?
    /// Later ones win.
    package var envFiles: [String] = []
    /// Default `.edge` in the current folder.
    package var state = ".edge"
    package var publicURL: String?
    /// nil: text on a terminal, else JSON.
    package var log: LogForm?

    package struct Mistake: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Parameter flags: the option names without dashes, with their values; `env-file` may repeat.
    package init(flags: [(name: String, value: String)], environment: (String) -> String?) throws(Mistake) {
        func setting(_ flag: String, _ variable: String) -> (value: String, source: String)? {
            if let value = flags.last(where: { $0.name == flag })?.value { return (value, "--\(flag)") }
            if let value = environment(variable), !value.isEmpty { return (value, variable) }
            return nil
        }
        host = setting("host", "EDGE_HOST")?.value
        if let (value, source) = setting("port", "EDGE_PORT") {
            port = try Self.port(value, source)
        } else if let value = environment("PORT"), !value.isEmpty {
            port = try Self.port(value, "PORT")
            if host == nil { host = "::" }
        }
        functions = setting("functions", "EDGE_FUNCTIONS")?.value
        envFiles = flags.filter { $0.name == "env-file" }.map(\.value)
        if let (value, _) = setting("state", "EDGE_STATE") { state = value }
        if let (value, source) = setting("public-url", "EDGE_PUBLIC_URL") {
            guard let address = WebAddress.normalized(value) else {
                throw Mistake(
                    description: "\(source) is \"\(value)\"; write an address such as https://images.example.com"
                )
            }
            publicURL = address
        }
        if let (value, source) = setting("log", "EDGE_LOG") {
            guard let format = LogForm(rawValue: value) else {
                throw Mistake(description: "\(source) is \"\(value)\"; use json or text")
            }
            log = format
        }
    }

    private static func port(_ text: String, _ source: String) throws(Mistake) -> UInt16 {
        guard let port = UInt16(text) else {
            throw Mistake(description: "\(source) is \"\(text)\"; use a number from 0 to 65535 (0: any free port)")
        }
        return port
    }
}
