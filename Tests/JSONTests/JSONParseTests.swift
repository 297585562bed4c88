import Testing

@testable import JSON

struct JSONParseTests {
    @Test func `a text with every kind of value is read`() throws {
        let value = try JSONValue.parse(
            #" {"a": [1, -2.5, 1e5, true, false, null, "x"], "": {}, "\u0062\n\/": "é \ud83d\ude00", "c": []} "#
        )

        #expect(
            value == [
                "a": [1, -2.5, .double(100_000), true, false, nil, "x"], "": [:], "b\n/": "é 😀", "c": [],
            ]
        )
        #expect(value.object?.keys == ["a", "", "b\n/", "c"])
    }

    @Test(
        "Numbers keep what they say",
        arguments: [
            ("0", JSONValue.integer(0)), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .double(9_223_372_036_854_775_808)),
            ("-9223372036854775809", .double(-9_223_372_036_854_775_808)), ("1E2", .double(100)), ("0.1", .double(0.1)),
            ("123456789012345678901234567890", .double(123_456_789_012_345_677_877_719_597_056)),
            ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)), ("5e-324", .double(.leastNonzeroMagnitude)),
            ("1e-400", .double(0)), ("0e99999", .double(0)),
            ("2.2250738585072011e-308", .double(.leastNormalMagnitude.nextDown)),
        ]
    )
    func numbers(text: String, expected: JSONValue) throws {
        #expect(try JSONValue.parse(text) == expected)
    }

    @Test func `minus zero is a double that keeps its sign`() throws {
        let value = try JSONValue.parse("-0")

        guard case .double(let zero) = value else {
            Issue.record("not a double: \(value)")
            return
        }
        #expect(zero.sign == .minus && zero == 0)
    }

    @Test(
        "What RFC 8259 does not allow is refused",
        arguments: [
            "", " ", "{", "[", "[1", "[1,", "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{a:1}", "{'a':1}",
            "tru", "nulL",
            "01", "-", "-a", "1.", ".5", "1e", "1e+", "+1", "0x1", "NaN", "Infinity", "1e999", "\"", "\"\\", "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"", "\"\u{1}\"", "\"a\nb\"", "\"\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\u0041\"", "\"\\udc00\"",
            "1 2",
            "[] x", "\u{feff}1", "{\"a\":1,\"a\":2}", "[1 2]", "{\"a\" 1}", "// x\n1", "\u{a0}1", "\"\\ud800\\",
            "\"\\u00",
        ]
    )
    func refuses(text: String) {
        #expect(throws: JSONError.self) { try JSONValue.parse(text) }
    }

    @Test(
        "An error names the outermost member that has it",
        arguments: [
            (#"{"a":1,"b":1e400}"#, "b"), (#"{"a":{"b":[0,-1e999]}}"#, "a"), (#"{"a":1,"b":2,"a":3}"#, "a"),
            (#"{"a":{"b":1,"b":2}}"#, "a"), (#"{"a":1,"#, nil), ("[1e400]", nil), ("1e400", nil),
        ] as [(String, String?)]
    )
    func namesMember(text: String, key: String?) throws {
        let error = try #require(#expect(throws: JSONError.self) { try JSONValue.parse(text) })

        #expect(error.key == key)
    }

    @Test func `an error names line, column and what to do`() {
        let error = #expect(throws: JSONError.self) { try JSONValue.parse("{\n  \"é\": tru\n}") }
        #expect(
            error
                == JSONError(
                    line: 2,
                    column: 8,
                    reason: "expected a value, found something that begins like true",
                    key: "é"
                )
        )

        let missing = #expect(throws: JSONError.self) { try JSONValue.parse("{\"a\": 1 \"b\": 2}") }
        #expect(missing?.description == "line 1, column 9: expected \",\" or \"}\", found \"\"\"")
    }

    @Test func `bytes that are not UTF-8 are refused where they are`() {
        let plain = #expect(throws: JSONError.self) { try JSONValue.parse([0x22, 0x61, 0xff, 0x22]) }
        #expect(plain?.column == 3)

        let late = #expect(throws: JSONError.self) {
            try JSONValue.parse([0x22] + [UInt8](repeating: 0x61, count: 20) + [0xff] + [0x22])
        }
        #expect(late?.column == 22)

        // An escape between the halves of a character does not join them.
        let split: [UInt8] = [0x22, 0xc3, 0x5c, 0x6e, 0xa9, 0x22]
        #expect(throws: JSONError.self) { try JSONValue.parse(split) }
        #expect(throws: JSONError.self) { try JSONValue.parse([0x22, 0xed, 0xa0, 0x80, 0x22]) }
    }

    @Test func `depth and size have limits`() throws {
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)

        #expect(throws: Never.self) { try JSONValue.parse(deep) }
        #expect(throws: JSONError.self) { try JSONValue.parse("[" + deep + "]") }
        #expect(throws: JSONError.self) { try JSONValue.parse(String(repeating: "[", count: 1_000_000)) }
        #expect(throws: JSONError.self) { try JSONValue.parse("[1]", limits: JSONLimits(bytes: 2)) }
    }

    @Test func `many members are found, and one of them twice is refused`() throws {
        let members = (0..<20_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",")

        let value = try JSONValue.parse("{" + members + "}")

        #expect(value["k19999"] == 19999)
        #expect(throws: JSONError.self) { try JSONValue.parse("{" + members + ",\"k7\":0}") }
    }

    @Test func `places are found by pointer`() throws {
        let text = "{\n  \"functions\": {\n    \"a/b~\": {\"run\": [\"x\",\n \"y\"]}\n  }\n}"

        let locations = try JSONValue.parseLocated(Array(text.utf8)).locations

        #expect(locations[""] == JSONLocation(line: 1, column: 1))
        #expect(locations["/functions"] == JSONLocation(line: 2, column: 3))
        #expect(locations["/functions/a~1b~0/run"] == JSONLocation(line: 3, column: 14))
        #expect(locations["/functions/a~1b~0/run/1"] == JSONLocation(line: 4, column: 2))
        #expect(locations["/functions/x"] == nil)
    }
}
