// Draws the sandbox picture of a request: the same request always gives the same bytes.
internal import Digest
internal import PNG
package import Providers

package enum SandboxPicture {
    /// Where no size is asked for.
    package static let usualSize = 512

    /// A PNG of the size asked for.
    package static func png(of request: ImageRequest) -> [UInt8] {
        let width = request.width ?? usualSize
        let height = request.height ?? usualSize
        let landscape = Landscape(seed: seed(of: request), width: width, height: height)
        let caption = Caption(
            prompt: request.prompt,
            facts: ["\(width)x\(height)"] + (request.seed.map { ["seed \($0)"] } ?? []),
            width: width,
            height: height
        )

        var writer = PNGWriter(width: width, height: height)
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: width) { row in
            row.initialize(repeating: 0)
            for y in 0..<height {
                landscape.paint(row: y, into: row)
                caption.paint(row: y, over: row)
                writer.add(UnsafeBufferPointer(row))
            }
        }
        return writer.finish()
    }

    /// Everything that is asked for takes part, so that a change of any parameter is seen.
    static func seed(of request: ImageRequest) -> UInt64 {
        func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "" }
        let fields = [
            request.prompt, text(request.negativePrompt), text(request.model), text(request.width),
            text(request.height), text(request.steps), text(request.guidanceScale), text(request.seed),
            text(request.scheduler),
        ]
        // Lengths keep neighbours apart: "ab" + "c" is another request than "a" + "bc".
        let all = fields.map { "\($0.utf8.count):\($0)" }.joined()
        return UInt64(SHA256.hex(of: [UInt8](all.utf8)).prefix(16), radix: 16) ?? 0
    }
}
