// What every delivery of a webhook has.
import CivilTime
import Digest
import JSON
import Signatures
import TestSupport
import Testing

/// An event as a receiver takes it.
enum SignedEvent {
    static let secret = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
    private static let key = [UInt8](1...32)

    /// Checks signature, id and time.
    static func read(_ request: ScriptedRequest) throws -> JSONValue {
        let id = try #require(request.header("webhook-id"))
        let time = try #require(request.header("webhook-timestamp"))
        let code = try #require(HMACSHA256.code(of: Array("\(id).\(time).".utf8) + request.body, key: key))
        let signature = "v1," + String(decoding: Base64Text.encode(code), as: UTF8.self)
        #expect(request.header("webhook-signature") == signature)
        #expect(request.header("content-type") == "application/json")
        #expect(request.method == "POST")
        #expect(!id.contains("."))
        let seconds = try #require(Int64(time))
        #expect(abs(seconds - Timestamp.now().milliseconds / 1000) < 300)
        return try JSONValue.parse(request.body)
    }
}
