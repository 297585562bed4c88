import JSON
import Testing

struct JSONValueTests {
    private let document: JSONValue = [
        "text": "quote \" slash / back \\ tab \t bell \u{7} é 😀 \u{7f}", "whole": 9_223_372_036_854_775_807,
        "part": 0.1, "none": nil,
        "list": [1, [], [:]],
    ]

    @Test func `a value is written compactly with the least escapes`() {
        let text = document.text()

        #expect(
            text == #"{"text":"quote \" slash / back \\ tab \t bell \u0007 é 😀 "# + "\u{7f}"
                + #"","whole":9223372036854775807,"part":0.1,"none":null,"list":[1,[],{}]}"#
        )
    }

    @Test func `a value is written for people with two spaces a level`() {
        let value: JSONValue = ["a": [1, 2], "b": [:], "c": ["d": true]]

        #expect(
            value.text(pretty: true)
                == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": {\n    \"d\": true\n  }\n}"
        )
    }

    @Test func `what is written reads back equal`() throws {
        #expect(try JSONValue.parse(document.encoded()) == document)
        #expect(try JSONValue.parse(document.encoded(pretty: true)) == document)
    }

    @Test("Every control character is escaped and read back", arguments: 0..<32)
    func controls(code: Int) throws {
        let text = String(Unicode.Scalar(UInt8(code)))

        #expect(try JSONValue.parse(JSONValue.string(text).encoded()).string == text)
    }

    @Test func `doubles are short, and infinity is null`() {
        #expect(
            JSONValue.array([1.0, -0.0, 1e16, .double(.infinity), .double(.nan)]).text() == "[1.0,-0.0,1e+16,null,null]"
        )
    }

    @Test func `sorted keys make equal values equal bytes`() {
        let left: JSONValue = ["b": ["y": 1, "x": 2], "a": 1]
        let right: JSONValue = ["a": 1, "b": ["x": 2, "y": 1]]

        #expect(left == right)
        #expect(left.encoded(sortedKeys: true) == right.encoded(sortedKeys: true))
        #expect(left.text(sortedKeys: true) == #"{"a":1,"b":{"x":2,"y":1}}"#)
    }

    @Test func `members keep their order when set, added and removed`() {
        var object: JSONObject = ["a": 1, "b": 2, "c": 3]

        object["b"] = 5
        object["a"] = nil
        object["d"] = 4

        #expect(object.keys == ["b", "c", "d"])
        #expect(object["b"] == 5)
        #expect(object["a"] == nil)
    }

    @Test func `many members can be removed and found`() {
        var object = JSONObject()
        for number in 0..<40 { object["k\(number)"] = .integer(Int64(number)) }

        for number in 0..<30 { object["k\(number)"] = nil }

        #expect(object.count == 10)
        #expect(object["k39"] == 39)
        #expect(object["k3"] == nil)
    }

    @Test func `accessors give a value only of its kind`() {
        #expect(JSONValue.double(512).integer == 512)
        #expect(JSONValue.double(0.5).integer == nil)
        #expect(JSONValue.integer(7).double == 7)
        #expect(JSONValue.string("7").integer == nil)
        #expect(document["list"]?.array?.count == 3)
        #expect(document["nowhere"] == nil)
        #expect(JSONValue.null.isNull)
    }
}
