// One line of a batch as a job of a running host, waited for to its end.
internal import CivilTime
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON
internal import Retry
internal import Secrets

/// Asks again until the job has ended: the line's key makes each request the same job.
@LoopActor
struct BatchClient {
    private let client: HTTPClient
    private let target: String
    /// Kept open as long as its address is used.
    private var socket: KeptSocket?
    private let key: SecretValue?

    /// Seconds that the host waits with each request.
    private static let wait = 60
    private static let answerTimeout = Duration.seconds(120)
    private static let documentBytesMax = 4 << 20
    private static let imageBytesMax = FunctionCaller.artifactBytesMax
    /// How long a host that cannot be reached is waited for: longer than a restart takes.
    private static let unreachableMax = Duration.seconds(60)
    /// A host that says "later" more often, or names a later time, has refused the line.
    private static let refusalsMax = 100
    private static let pauseMax = Duration.seconds(300)

    /// How one line ended.
    enum Outcome {
        case succeeded(JSONValue)
        case failed(status: Int, problem: JSONValue)
    }

    /// What is wrong for every line.
    struct Stop: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameters:
    ///   - url: `http://host:port` of the host.
    ///   - connections: requests at once.
    ///   - key: says who asks.
    init(url: String, function: String, connections: Int, key: SecretValue? = nil) async throws {
        self.key = key
        guard let normal = WebAddress.normalized(url), normal.hasPrefix("http://"), WebAddress.isOrigin(normal) else {
            throw Stop(description: "\(url) is no address of a host; write http://127.0.0.1:8787")
        }
        let authority = String(normal.dropFirst("http://".count))
        let colon = authority.lastIndex(of: ":").flatMap { authority[$0...].contains("]") ? nil : $0 }
        let port = colon.flatMap { UInt16(authority[authority.index(after: $0)...]) } ?? 80
        let name = (colon.map { String(authority[..<$0]) } ?? authority).filter { $0 != "[" && $0 != "]" }
        let addresses = try await Pool.run { try SocketAddress.resolve(host: name, port: port) }
        guard let address = addresses.first else { throw Stop(description: "the host name \(name) has no address") }
        var limits = HTTPClient.Limits()
        limits.connections = connections
        client = HTTPClient(address: address, host: authority, limits: limits)
        target = "/functions/v1/\(PercentText.encode(function))"
    }

    /// The host that runs on a state folder, by its operator's socket: there its limits for callers do not hold.
    /// - Parameter state: the state directory, absolute.
    init(state: String, function: String, connections: Int) throws {
        let socket = KeptSocket(try OperatorSocket(state: state))
        var limits = HTTPClient.Limits()
        limits.connections = connections
        client = HTTPClient(address: socket.address, host: "localhost", limits: limits)
        target = "/functions/v1/\(PercentText.encode(function))"
        self.socket = socket
        key = nil
    }

    func close() { client.close() }

    /// Submits a line, and waits for the end of its job.
    func run(_ line: BatchLine, key: String) async throws -> Outcome {
        var request = HTTPClientRequest(method: "POST", target: target, body: .bytes(line.body))
        request.headers = [
            "Content-Type": "application/json", "Accept": "application/json", "Prefer": "wait=\(Self.wait)",
            "Idempotency-Key": "\"\(key)\"",
        ]
        if let key = self.key { request.headers.add("Authorization", "Bearer \(key.reveal())") }
        var refusals = 0
        while true {
            let asked = ContinuousClock.now
            let (status, headers, body) = try await send(request, bytesMax: Self.documentBytesMax)
            let document = (try? JSONValue.parse(body)) ?? .null
            switch status {
            case 200: return .succeeded(document)
            case 202:
                // A host that stops answers at once: its successor has the job.
                if ContinuousClock.now - asked < .seconds(2) { try await sleep(for: .seconds(2)) }
            case 429 where document["job"] == nil, 503 where document["job"] == nil:
                let pause = headers["Retry-After"].flatMap { RetryAfter.pause($0, now: .now()) } ?? .seconds(5)
                refusals += 1
                guard refusals < Self.refusalsMax, pause <= Self.pauseMax else {
                    return .failed(status: status, problem: document)
                }
                try await sleep(for: pause)
            case 401, 403, 404, 405:
                // Neither a job's end nor a mistake in one line: every other line would get the same.
                guard document["job"] != nil || document["field"] != nil else {
                    throw Stop(description: document["message"]?.string ?? "the host answered \(status)")
                }
                return .failed(status: status, problem: document)
            default: return .failed(status: status, problem: document)
            }
        }
    }

    /// The bytes of an image of a job document.
    func image(_ image: JSONValue) async throws -> [UInt8] {
        guard let url = image["url"]?.string, let mark = url.firstRange(of: "/images/") else {
            throw Stop(description: "the host told of an image without a URL")
        }
        let path = String(url[mark.lowerBound...])
        let (status, _, body) = try await send(HTTPClientRequest(target: path), bytesMax: Self.imageBytesMax)
        guard status == 200 else {
            throw Stop(description: "\(path) could not be fetched: the host answered \(status)")
        }
        return body
    }

    /// Sends a request, again and again while nobody answers.
    private func send(
        _ request: HTTPClientRequest,
        bytesMax: Int
    ) async throws -> (Int, HTTPHeaders, [UInt8]) {
        let end = ContinuousClock.now + Self.unreachableMax
        while true {
            do {
                return try await withDeadline(Self.answerTimeout) { [client] in
                    let answer = try await client.send(request)
                    return (answer.status, answer.headers, try await answer.body.collect(upTo: bytesMax))
                }
            } catch {
                guard ContinuousClock.now < end, !Task.isCancelled else {
                    throw Stop(description: "the host at \(client.address) cannot be reached: \(error)")
                }
                try await sleep(for: .seconds(1))
            }
        }
    }
}

/// Holds an operator's socket for a value that is copied.
private final class KeptSocket {
    private let socket: OperatorSocket

    init(_ socket: consuming OperatorSocket) { self.socket = socket }

    var address: SocketAddress { socket.address }
}
