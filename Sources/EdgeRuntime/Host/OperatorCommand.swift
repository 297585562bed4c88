// What the command asks a running host on its operator's socket; `edge providers`.
internal import CivilTime
internal import EdgeHTTP
package import EdgeLoop
internal import Glibc
internal import JSON

/// What a command prints and ends with.
package struct CommandOutcome: Sendable {
    package var output = ""
    package var errors = ""
    package var status: Int32 = 0
    /// Whether it failed because no host runs on the state folder.
    package var findsNoHost = false
}

/// The commands that ask a running host over its operator's socket.
@LoopActor
package struct OperatorCommand {
    let state: String

    /// The longest that an answer may take: a provider's check is the slowest of them.
    static let answerTimeout = Duration.seconds(60)
    private static let answerBytesMax = 4 << 20

    /// - Parameter state: the state directory of the host.
    package init(state: String) { self.state = HostPlaces.absolute(state) }

    /// `edge providers`.
    package func providers() async -> CommandOutcome {
        await asking("GET", "/v1/providers") { ProvidersTable(document: $0).text }
    }

    /// `edge providers check NAME`.
    package func check(_ name: String) async -> CommandOutcome {
        guard !name.isEmpty,
            name.utf8.allSatisfy({ $0 == 45 || $0 == 95 || (48...57).contains($0) || (97...122).contains($0 | 32) })
        else { return CommandOutcome(errors: "edge providers check: \"\(name)\" is no provider's name\n", status: 2) }
        return await asking("POST", "/v1/providers/\(name)/check") { "\(name): \($0["text"]?.string ?? "it works")\n" }
    }

    /// What answers where no host runs; nil: nothing can.
    typealias Fallback = @LoopActor () async -> Result<JSONValue, any Error>?

    func asking(
        _ method: String,
        _ path: String,
        atMost limit: Duration = Self.answerTimeout,
        orElse: Fallback? = nil,
        _ told: @escaping @Sendable (JSONValue) -> String
    ) async -> CommandOutcome {
        do {
            let socket = try OperatorSocket(state: state)
            let client = HTTPClient(address: socket.address)
            defer { client.close() }
            let (status, body) = try await withDeadline(limit) {
                let answer = try await client.send(HTTPClientRequest(method: method, target: path))
                return (answer.status, try await answer.body.collect(upTo: Self.answerBytesMax))
            }
            let document = (try? JSONValue.parse(body)) ?? .null
            guard status == 200 else {
                let message = document["message"]?.string ?? document["detail"]?.string ?? "the host answered \(status)"
                return CommandOutcome(errors: message + "\n", status: 1)
            }
            return CommandOutcome(output: told(document))
        } catch let error where !(error is SystemError) {
            return CommandOutcome(errors: "the host on \(state) did not answer: \(error)\n", status: 1)
        } catch {
            switch await orElse?() {
            case .success(let document): return CommandOutcome(output: told(document))
            case .failure(let error): return CommandOutcome(errors: "\(error)\n", status: 1)
            case nil: break
            }
            return CommandOutcome(
                errors:
                    "no host runs on the state folder \(state) (\(error)); start one with `edge serve`, or name its folder with "
                    + "--state\n",
                status: 1,
                findsNoHost: true
            )
        }
    }
}

/// The providers as a table for a terminal.
struct ProvidersTable {
    let document: JSONValue

    var text: String {
        var rows = [["provider", "state", "model", "price", "circuit", "running", "quota left", "advice"]]
        let lanes = document["lanes"]?.array ?? []
        for provider in document["providers"]?.object?.members ?? [] {
            let used = lanes.filter { $0["provider"]?.string == provider.key }
            let state = provider.value["ready"]?.bool == true ? "ready" : "not ready"
            let advice = provider.value["advice"]?.string ?? ""
            if used.isEmpty {
                rows.append([
                    provider.key, state, provider.value["model"]?.string ?? "-", Self.price(provider.value["price"]),
                    "closed", "0", "-", advice,
                ])
            }
            for lane in used {
                rows.append([
                    provider.key, state, lane["model"]?.string ?? "-", Self.price(lane["price"]), Self.circuit(lane),
                    "\(lane["running"]?.integer ?? 0)", Self.quota(lane), advice,
                ])
            }
        }
        return TextTable.text(rows)
    }

    /// Micro-dollars as dollars: `0.0019 $`. What is not known is said so, and is not 0.
    static func price(_ value: JSONValue?) -> String {
        guard let price = value?.integer else { return "unknown" }
        let digits = String(price % 1_000_000 + 1_000_000).dropFirst()
        var text = "\(price / 1_000_000).\(digits)"
        while text.hasSuffix("0"), !text.hasSuffix(".00") { text.removeLast() }
        return text + " $"
    }

    private static func circuit(_ lane: JSONValue) -> String {
        let state = lane["circuit"]?.string ?? "closed"
        return lane["openUntil"]?.string.map { "\(state) until \($0)" } ?? state
    }

    private static func unit(_ key: String) -> String {
        switch key {
        case "atOnce": "at once"
        case "hour": "an hour"
        default: "a \(key)"
        }
    }

    private static func quota(_ lane: JSONValue) -> String {
        let left = lane["quotaLeft"]?.object?.members ?? []
        let parts = left.compactMap { member in member.value.integer.map { "\($0) \(Self.unit(member.key))" } }
        let next = lane["nextCallAt"]?.string.map { ["next at \($0)"] } ?? []
        return parts.isEmpty && next.isEmpty ? "no limit known" : (parts + next).joined(separator: ", ")
    }
}
