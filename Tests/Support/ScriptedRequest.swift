// A request as a scripted upstream got it.

/// A whole request. Header names keep their spelling and order.
public struct ScriptedRequest: Sendable {
    /// 1 for the first request of the server's life.
    public internal(set) var number = 0
    /// 1 for the first connection; equal numbers mean that a connection was used again.
    public internal(set) var connection = 0
    public internal(set) var method = ""
    /// As it stood in the request line.
    public internal(set) var target = ""
    public internal(set) var headers: [(name: String, value: String)] = []
    public internal(set) var body: [UInt8] = []

    public var path: String { String(target.prefix { $0 != "?" }) }
    public var query: String { String(target.drop { $0 != "?" }.dropFirst()) }
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The first value of that name, whatever its case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
