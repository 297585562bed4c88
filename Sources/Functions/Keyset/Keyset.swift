// Fetches the key set that an issuer of tokens publishes, for the host, which calls nobody.
internal import EdgeFunction
internal import Glibc
internal import JSON
internal import Upstream

@main
struct Keyset: Function {
    private let upstream: Upstream
    private let deadlines: UpstreamDeadlines

    /// Bytes of a key set; the host takes no larger one.
    static let bytesMax = 256 << 10
    static let deadlines = UpstreamDeadlines(
        connect: .seconds(5),
        firstByte: .seconds(10),
        idle: .seconds(5),
        total: .seconds(15)
    )
    private static let requestBytesMax = 8 << 10

    init() throws {
        let list = getenv("EDGE_KEYSET_ALLOW").map { String(cString: $0) }
        self.init(policy: try AddressPolicy.outside(andListed: list, name: "EDGE_KEYSET_ALLOW"))
    }

    init(policy: AddressPolicy, deadlines: UpstreamDeadlines = Self.deadlines) {
        upstream = Upstream(policy: policy)
        self.deadlines = deadlines
    }

    /// `{"url": "..."}` gives the document at that URL.
    func respond(to request: Request) async throws -> Response {
        let body = try await request.body.collect(upTo: Self.requestBytesMax)
        let document = try await document(at: try Self.url(in: body))
        return Response(headers: ["Content-Type": "application/json"], body: .bytes(document))
    }

    private static func url(in body: [UInt8]) throws -> String {
        guard let url = (try? JSONValue.parse(body))?["url"]?.string else {
            throw Problem(status: 400, code: "bad_request", detail: "Send a JSON object with \"url\".")
        }
        return url
    }

    // Not inlined: the optimizer of Swift 6.3.1 ends in a crash on the two as one.
    @inline(never)
    private func document(at url: String) async throws -> [UInt8] {
        var request = UpstreamRequest("GET", url, headers: ["Accept": "application/json"])
        request.deadlines = deadlines
        request.answerBytesMax = Self.bytesMax
        do {
            let answer = try await upstream.call(request)
            guard answer.status == 200 else {
                throw Self.failed("The issuer answered \(answer.status); a key set comes with 200.")
            }
            return try await answer.body.collect()
        } catch {
            throw Self.told(error)
        }
    }

    private static func told(_ error: any Error) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case let error as UpstreamError:
            if case .addressRefused = error.reason {
                return failed("\(error): private networks are called only where EDGE_KEYSET_ALLOW lists them.")
            }
            return failed("\(error).")
        default: return failed("\(error).")
        }
    }

    private static func failed(_ detail: String) -> Problem {
        Problem(status: 502, code: "keys_not_fetched", detail: detail)
    }
}
