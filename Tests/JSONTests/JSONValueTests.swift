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

    @Test("What needs an escape is found wherever it stands, and nothing else is escaped", arguments: 0..<24)
    func escapes(place: Int) throws {
        let written = [
            "\"": "\\\"", "\\": "\\\\", "\n": "\\n", "\u{0}": "\\u0000", "\u{1f}": "\\u001f", " ": " ", "!": "!",
            "#": "#",
            "[": "[", "]": "]", "\u{7f}": "\u{7f}", "\u{a2}": "\u{a2}", "\u{dc}": "\u{dc}", "\u{1f600}": "\u{1f600}",
        ]
        for (plain, escaped) in written {
            let head = String(repeating: "a", count: place)
            let tail = String(repeating: "é", count: 23 - place)

            let text = JSONValue.string(head + plain + tail + plain).text()

            #expect(text == "\"\(head)\(escaped)\(tail)\(escaped)\"")
            #expect(try JSONValue.parse(text).string == head + plain + tail + plain)
        }
    }

    @Test func `whole numbers are exact to their ends`() throws {
        let numbers: [Int64] = [0, 9, 10, 99, 100, -1, -10, .max, .min]

        let text = JSONValue.array(numbers.map { .integer($0) }).text()

        #expect(text == "[0,9,10,99,100,-1,-10,9223372036854775807,-9223372036854775808]")
        #expect(try JSONValue.parse(text).array?.map(\.integer) == numbers)
    }

    @Test func `a text of any length is written whole`() throws {
        for count in [0, 1, 1000, 1023, 1024, 1025, 100_000] {
            let value = JSONValue.array([.string(String(repeating: "x", count: count)), "\n", true])

            #expect(try JSONValue.parse(value.encoded()) == value)
        }
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
        for number in 0..<400 { object["k\(number)"] = .integer(Int64(number)) }

        for number in 0..<390 { object["k\(number)"] = nil }

        #expect(object.count == 10)
        #expect(object["k399"] == 399)
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
