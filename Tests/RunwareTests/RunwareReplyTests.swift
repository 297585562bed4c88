import JSON
import Providers
import Testing

@testable import Runware

struct RunwareReplyTests {
    private static let task = "019a8e5c-4f2b-4c31-9f0e-2b1c5d8a7e64"

    private func read(_ text: String, status: Int = 200) throws -> RunwareReply {
        RunwareReply(
            ProviderReply(status: status, body: [UInt8](text.utf8)),
            of: try #require(TaskUUID(Self.task))
        )
    }

    @Test func `a result has its facts`() throws {
        let reply = try read(
            #"{"data":[{"taskType":"imageInference","taskUUID":"\#(Self.task)","imageUUID":"A","imageURL":"https://im.runware.ai/x","seed":2817364501,"cost":0.0031,"NSFWContent":false}]}"#
        )

        let result = try #require(reply.results.first)
        #expect(result.address == "https://im.runware.ai/x")
        #expect(result.seed == 2_817_364_501)
        #expect(reply.cost == 3100)
        #expect(!result.isUnsafe)
        #expect(reply.faults.isEmpty)
    }

    @Test(
        "Seeds up to 9223372036854776000 are read, and nothing that is none",
        arguments: [
            ("1", 1 as UInt64?), ("4294967296", 4_294_967_296), ("9223372036854776000", 9_223_372_036_854_775_808),
            (#""18446744073709551615""#, .max), ("-1", nil), ("1.5", nil), ("null", nil), (#""x""#, nil),
        ]
    )
    func seeds(text: String, seed: UInt64?) throws {
        #expect(try RunwareElement(JSONValue.parse(#"{"seed":\#(text)}"#)).seed == seed)
    }

    @Test(
        "Cost is in micro-dollars, and nothing absurd",
        arguments: [
            ("0.0038", 3800 as Int64?), ("0", 0), ("1", 1_000_000), ("-1", nil), ("1e300", nil), (#""1""#, nil),
        ]
    )
    func costs(text: String, cost: Int64?) throws {
        #expect(try RunwareElement(JSONValue.parse(#"{"cost":\#(text)}"#)).cost == cost)
    }

    @Test func `a result that comes again counts once, and its cost too`() throws {
        let one = #"{"status":"success","imageUUID":"A","imageURL":"u","cost":0.001}"#
        let other = #"{"status":"success","imageUUID":"B","imageURL":"v","cost":0.002}"#

        let reply = try read(#"{"data":[\#(one),\#(other),\#(one)]}"#)

        #expect(reply.results.map(\.uuid) == ["A", "B"])
        #expect(reply.cost == 3000)
    }

    @Test(
        "An element is at work, made or failed",
        arguments: [
            (#"{}"#, RunwareElement.State.working), (#"{"status":"processing","progress":40}"#, .working),
            (#"{"imageURL":"u"}"#, .made), (#"{"imageBase64Data":"QQ=="}"#, .made), (#"{"status":"success"}"#, .made),
            (#"{"imageDataURI":"data:image/png;base64,QQ=="}"#, .made), (#"{"videoURL":"u"}"#, .made),
            (#"{"mediaURL":"u"}"#, .made), (#"{"status":"error","error":{"code":"x"}}"#, .failed),
            (#"{"error":{"code":"x"}}"#, .failed), (#"{"error":null}"#, .working),
        ]
    )
    func states(text: String, state: RunwareElement.State) throws {
        #expect(try RunwareElement(JSONValue.parse(text)).state == state)
    }

    @Test(
        "Errors are found in every shape",
        arguments: [
            #"{"data":[],"errors":[{"code":"c","message":"m"}]}"#, #"{"errors":[{"code":"c","message":"m"}]}"#,
            #"{"error":{"code":"c","message":"m"}}"#, #"{"errors":{"code":"c","message":"m"}}"#,
            #"{"data":[{"taskUUID":"\#(task)","status":"error","error":{"code":"c","message":"m"}}]}"#,
            #"{"data":[{"taskUUID":"\#(task)","status":"error","code":"c","message":"m"}]}"#,
        ]
    )
    func shapes(text: String) throws {
        let fault = try #require(try read(text).faults.first)

        #expect(fault.code == "c")
        #expect(fault.message == "m")
    }

    @Test func `a bare text is an error too`() throws {
        #expect(try read(#"{"error":"no"}"#, status: 500).faults.first?.message == "no")
    }

    @Test func `what belongs to another task is left alone`() throws {
        let reply = try read(
            #"{"data":[{"taskUUID":"B","imageURL":"u"}],"errors":[{"code":"c","taskUUID":"B"}]}"#
        )

        #expect(reply.results.isEmpty)
        #expect(reply.faults.isEmpty)
        #expect(reply.isReadable)
    }

    @Test(
        "A page, nothing, half a document or another document is not readable",
        arguments: ["<html>", "", #"{"data":[{"im"#, #"{"ok":true}"#, "[]", "7"]
    )
    func unreadable(text: String) throws {
        #expect(try !read(text).isReadable)
    }

    @Test func `progress is a fraction, held to 0 and 1`() throws {
        #expect(try read(#"{"data":[{"status":"processing","progress":40}]}"#).progress == 0.4)
        #expect(try read(#"{"data":[{"status":"processing","progress":900}]}"#).progress == 1)
        #expect(try read(#"{"data":[{"status":"processing"}]}"#).progress == nil)
    }
}
