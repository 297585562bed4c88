// Has the function `keyset` fetch a key set.
internal import Callers
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

/// Why there is no key set, as a sentence for the log.
struct KeySetFetchError: Error, Equatable, CustomStringConvertible {
    let description: String
}

@LoopActor
struct KeySetFetch {
    let functions: Functions

    /// The function that fetches: it works for the host alone.
    nonisolated static let function = "keyset"
    private static let timeout = Duration.seconds(20)

    func document(at url: String) async throws -> [UInt8] {
        guard let function = functions[Self.function], !function.entry.isPublic else {
            throw KeySetFetchError(description: "functions.json has no function \"keyset\" with \"public\": false")
        }
        let body: JSONObject = ["url": .string(url)]
        let request = HTTPRequest(
            method: "POST",
            target: "/",
            headers: ["Content-Type": "application/json"],
            body: HTTPBodyReader(body.encoded())
        )
        let starting = function.isolates.isReady ? Duration.zero : function.entry.startTimeout
        let response = try await function.isolates.call(request, timeout: Self.timeout + starting)
        let bytes = try await response.collect(upTo: JWTKeySet.bytesMax)
        guard response.status == 200 else {
            let said = (try? JSONValue.parse(bytes))?["detail"]?.string
            throw KeySetFetchError(description: said ?? "the function keyset answered \(response.status)")
        }
        return bytes
    }
}
