// The log line of a recalled answer: rendered when the answer was remembered, but for its time and id.
package import Secrets

/// One request that recall answered. There are tens of thousands a second of them, so the line is put together from bytes.
package struct RecallLine: LogRecord {
    /// What equal answers share, in both forms.
    package struct Rendered: Sendable {
        let text: [UInt8]
        let json: [UInt8]

        /// - Parameter line: of the request that is answered.
        package init(_ line: LogLine, redactor: Redactor) {
            text = Self.render(line, LogForm.text, redactor)
            json = Self.render(line, LogForm.json, redactor)
        }

        private static func render(_ line: LogLine, _ form: LogForm, _ redactor: Redactor) -> [UInt8] {
            var text = LogText(form: form, redactor: redactor)
            line.appendRequest(to: &text)
            return text.bytes
        }
    }

    let rendered: Rendered
    let id: UInt64

    package init(_ rendered: Rendered, id: UInt64) {
        self.rendered = rendered
        self.id = id
    }

    package func append(to text: inout LogText) {
        text.begin(.info)
        switch text.form {
        case .json:
            text.append(",\"requestId\":\"")
            text.append(hexadecimal: id)
            text.append("\"")
            text.append(rendered: rendered.json)
        case .text:
            text.append(rendered: rendered.text)
            text.append(" id=")
            text.append(hexadecimal: id)
        }
        text.end()
    }
}
