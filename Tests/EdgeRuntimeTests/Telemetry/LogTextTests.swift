import CivilTime
import JSON
import Secrets
import Testing

@testable import EdgeRuntime

struct LogTextTests {
    private let redactor = Redactor([("KEY", SecretValue("hunter2!"))])

    private func text(_ record: some LogRecord, _ form: LogForm) -> String {
        var text = LogText(form: form, redactor: redactor)
        text.begin(at: Timestamp(milliseconds: 1_795_255_200_123))
        record.append(to: &text)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    private let line = LogLine(
        requestID: "0198-ab",
        method: "POST",
        target: "/functions/v1/generate?prompt=a+fox#x",
        status: 200,
        bytes: 20_480,
        duration: .microseconds(12_345),
        function: "generate",
        cache: "hit",
        job: "0198-cd"
    )

    @Test func `a request is one line of text`() {
        #expect(
            text(line, .text) == "2026-11-21T10:00:00.123Z info 200 POST /functions/v1/generate 20480B 12.345ms "
                + "function=generate cache=hit job=0198-cd id=0198-ab\n"
        )
    }

    @Test func `a request is one JSON object`() throws {
        let json = try JSONValue.parse(text(line, .json))

        #expect(
            json == [
                "time": "2026-11-21T10:00:00.123Z", "level": "info", "requestId": "0198-ab", "method": "POST",
                "path": "/functions/v1/generate", "status": 200, "bytes": 20_480, "ms": 12.345, "function": "generate",
                "cache": "hit", "job": "0198-cd",
            ]
        )
    }

    @Test func `a message names its function`() throws {
        let message = LogMessage(.warning, "tab\there", function: "thumbs", requestID: "r1")

        #expect(text(message, .text) == "2026-11-21T10:00:00.123Z warning thumbs: tab\there requestId=r1\n")
        let json = try JSONValue.parse(text(message, .json))
        #expect(json["message"] == "tab\there")
        #expect(json["function"] == "thumbs")
    }

    @Test func `what goes wrong after the head is in the line, with its own weight`() throws {
        var line = line
        line.error = LogLine.Failure(status: 502, code: "attempts_used")

        let json = try JSONValue.parse(text(line, .json))

        #expect(json["error"] == "attempts_used" && json["status"] == 200 && json["level"] == "error")
        #expect(text(line, .text).contains(" 200 POST /functions/v1/generate 20480B "))
        #expect(text(line, .text).contains(" error=attempts_used "))
    }

    @Test func `a server's error is an error, a client's is not`() {
        var line = line
        line.status = 502
        #expect(line.level == .error)
        line.status = 404
        #expect(line.level == .info)
    }

    @Test func `secrets are replaced in both forms, and JSON stays JSON`() throws {
        let quoted = Redactor([("KEY", SecretValue("a\",\"b\":\"c")), ("NUMBER", SecretValue("12.345"))])
        var both = LogText(form: .json, redactor: quoted)
        both.begin(at: Timestamp(milliseconds: 0))
        line.append(to: &both)
        LogMessage(.info, "x a\",\"b\":\"c y 12.345").append(to: &both)

        #expect(text(LogMessage(.info, "key hunter2! end"), .text).hasSuffix("info key [KEY] end\n"))
        let lines = String(decoding: both.bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(try JSONValue.parse(String(lines[0]))["ms"] == 12.345)
        #expect(try JSONValue.parse(String(lines[1]))["message"] == "x [KEY] y [NUMBER]")
    }

    @Test(arguments: [LogForm.text, .json])
    func `nothing from outside makes a second line or steers a terminal`(form: LogForm) throws {
        let evil = "a\nb\r\u{1B}[2Jc\u{9B}2Jd\u{0}\u{7F}\"\\\u{E9}\u{1F511}"

        let written = text(LogMessage(.info, evil), form)

        #expect(written.utf8.count { $0 == 0x0A } == 1)
        #expect(
            !written.unicodeScalars.contains { $0 != "\n" && ($0.value < 0x20 || (0x7F..<0xA0).contains($0.value)) }
        )
        #expect(written.contains("\u{E9}\u{1F511}"))
        if form == .json { #expect(try JSONValue.parse(written)["message"]?.string == evil) }
    }

    @Test func `long text is cut at a character`() throws {
        let long = String(repeating: "\u{20AC}", count: 5_000)

        let message = try #require(try JSONValue.parse(text(LogMessage(.info, long), .json))["message"]?.string)

        #expect(message == String(repeating: "\u{20AC}", count: 2_730) + "...")
    }

    @Test(arguments: [(0, "0.000"), (1, "0.001"), (999_999, "999.999"), (61_000_000, "61000.000"), (-5, "0.000")])
    func `durations are milliseconds with three decimals`(micros: Int64, written: String) {
        var line = line
        line.duration = .microseconds(micros)

        #expect(text(line, .text).contains(" \(written)ms "))
    }
}
