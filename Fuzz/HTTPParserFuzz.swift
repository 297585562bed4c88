// Fuzzes the HTTP/1.1 parser: no input traps, cutting a stream changes nothing, and what was accepted parses equal again.
// The first byte chooses where the rest is cut and whether it is read as requests or as answers.
import Glibc

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHTTPParser(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let data, count > 0 else { return 0 }
    let choice = data[0]
    let input = Array(UnsafeBufferPointer(start: data + 1, count: count - 1))
    let limit = 512  // small, so that the limits are reached
    let toHead: Bool? = choice & 1 == 0 ? nil : choice & 2 != 0

    let whole = HTTPTranscript([input], limit: limit, toHead: toHead)
    let size = Int(choice >> 2) + 1
    let pieces = stride(from: 0, to: input.count, by: size).map { Array(input[$0..<min($0 + size, input.count)]) }
    let cut = HTTPTranscript(pieces, limit: limit, toHead: toHead)
    guard whole == cut else { fail("cut at every \(size): \(cut), whole: \(whole)") }

    if toHead == nil {
        var accepted = whole
        accepted.refusal = nil
        accepted.messages.removeAll { !$0.isComplete }
        let again = HTTPTranscript([accepted.serialized], limit: limit)
        guard again == accepted else { fail("first: \(accepted), again: \(again)") }
    }
    return 0
}

private func fail(_ message: String) -> Never {
    print(message)  // the fuzzer keeps the input that led here
    abort()
}
