// The key that a batch sends: out of a file or the environment, never out of the command line, which everybody can read.
internal import Glibc
package import Secrets

extension BatchOptions {
    package static let keyVariable = "EDGE_API_KEY"

    package struct BadKey: Error, CustomStringConvertible {
        package let description: String
    }

    private static let keyBytesMax = 8 << 10

    /// - Parameter file: its first line is the key; nil: `EDGE_API_KEY`, if it is set.
    /// - Throws: ``BadKey``, which shows nothing of what was found.
    package static func readKey(file: String?, environment: [String: String]) throws(BadKey) -> SecretValue? {
        guard let file else { return try key(environment[keyVariable] ?? "", in: keyVariable) }
        let bytes: [UInt8]
        do throws(StateError) {
            bytes = try FileWriter(calls: .system).read(HostPlaces.absolute(file), bytesMax: keyBytesMax)
        } catch {
            throw BadKey(description: "the key file cannot be read: \(error)")
        }
        let line = bytes.prefix { $0 != 10 && $0 != 13 }
        guard let key = try key(String(decoding: line, as: UTF8.self), in: file) else {
            throw BadKey(description: "the key file \(file) has no key in its first line")
        }
        return key
    }

    private static func key(_ text: String, in place: String) throws(BadKey) -> SecretValue? {
        let trimmed = text.drop { $0 == " " || $0 == "\t" }.split(separator: " ", omittingEmptySubsequences: false)
        let key = trimmed.first.map(String.init) ?? ""
        guard trimmed.dropFirst().allSatisfy(\.isEmpty), key.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw BadKey(description: "\(place) holds no key: a key has visible ASCII characters only, and no spaces")
        }
        return key.isEmpty ? nil : SecretValue(key)
    }
}
