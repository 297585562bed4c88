// The lines of a batch: one request each, as JSON.
internal import Digest
internal import JSON

/// One request of a batch.
struct BatchLine: Equatable, Sendable {
    /// From 1, blank lines counted, as editors count them.
    let number: Int
    let body: [UInt8]
    /// Names this request: the same line of the same file gives the same one.
    let key: String

    /// The key that is sent: after a failure another one, for a key leads to its job's end again.
    func sentKey(failures: Int) -> String { failures == 0 ? key : "\(key).\(failures)" }

    /// What an image is called: `000003.png`, a second one `000003-2.png`.
    func fileName(image index: Int, ext: String) -> String {
        let digits = String(number)
        let name = String(repeating: "0", count: max(0, 6 - digits.count)) + digits
        return index == 0 ? "\(name).\(ext)" : "\(name)-\(index + 1).\(ext)"
    }
}

/// Reads a file of JSON Lines. All of it is checked before anything is submitted.
struct BatchFile: Sendable {
    let lines: [BatchLine]

    static let bytesMax = 256 << 20
    static let linesMax = 100_000

    /// A line that is no request.
    struct Mistake: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    /// - Parameters:
    ///   - path: absolute; it is part of the lines' keys.
    ///   - function: the function that is asked; part of them, too.
    init(_ bytes: [UInt8], path: String, function: String) throws(Mistake) {
        var lines: [BatchLine] = []
        for (index, text) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated()
        where text.contains(where: { $0 > 32 }) {
            let body = Array(text)
            do {
                guard try JSONValue.parse(body).object != nil else {
                    throw Mistake(description: "line \(index + 1) is JSON but no object; write {\"prompt\": \"...\"}")
                }
            } catch let mistake as Mistake {
                throw mistake
            } catch {
                throw Mistake(description: "line \(index + 1) is no JSON: \(error)")
            }
            guard lines.count < Self.linesMax else {
                throw Mistake(description: "it has more than \(Self.linesMax) lines; split it")
            }
            var hash = SHA256()
            hash.update("\(function)\n\(path)\n\(index + 1)\n")
            hash.update(body)
            lines.append(BatchLine(number: index + 1, body: body, key: hash.finishHex()))
        }
        guard !lines.isEmpty else { throw Mistake(description: "it has no lines") }
        self.lines = lines
    }
}
