import CivilTime
import Digest
import JSON
import Testing

@testable import Callers

struct APIKeyTests {
    @Test func `a key is the prefix and 38 letters, and no two are equal`() {
        let keys = (0..<100).map { _ in APIKey().reveal() }

        #expect(keys.allSatisfy { $0.hasPrefix("edge_") && $0.utf8.count == 43 })
        #expect(Set(keys).count == 100)
        #expect(keys.allSatisfy { APIKey($0)?.reveal() == $0 })
    }

    @Test func `a changed, cut or longer text is no key`() {
        let text = APIKey().reveal()
        let letters = Array(text.utf8)
        for place in letters.indices {
            var changed = letters
            changed[place] = letters[place] == 97 ? 98 : 97
            #expect(APIKey(String(decoding: changed, as: UTF8.self)) == nil, "changed at \(place)")
        }
        for wrong in ["", "edge_", String(text.dropLast()), text + "a", text.uppercased(), " " + text, "x" + text] {
            #expect(APIKey(wrong) == nil)
        }
    }

    @Test func `a key prints nothing of itself`() {
        let key = APIKey()
        var dumped = ""
        dump(key, to: &dumped)

        #expect(!"\(key) \(dumped)".contains(key.reveal().dropFirst(5)))
    }
}

struct KeySetTests {
    private let start = Timestamp(milliseconds: 1_800_000_000_000)

    private func set(_ key: APIKey, role: KeyRecord.Role = .caller) -> KeySet {
        var keys = KeySet()
        keys.add(KeyRecord(name: "app", role: role, tier: .pro, actsForOthers: true, key: key, now: start))
        return keys
    }

    @Test func `a key is found by what is shown, and another is not`() {
        let key = APIKey()
        let keys = set(key)

        #expect(keys.find(key, now: start) == .good(keys.records[0], ends: nil))
        #expect(keys.find(APIKey(), now: start) == .unknown)
    }

    @Test func `a rotated key is good to the end of its grace and not beyond`() {
        let (old, new) = (APIKey(), APIKey())
        var keys = set(old)
        keys.change(at: 0) { $0.rotate(to: new, grace: .seconds(60), now: start) }
        let end = start + .seconds(60)

        #expect(keys.find(new, now: start) == .good(keys.records[0], ends: nil))
        #expect(keys.find(old, now: start + .seconds(59)) == .good(keys.records[0], ends: end))
        #expect(keys.find(old, now: end) == .ended)
        #expect(keys.find(new, now: end) == .good(keys.records[0], ends: nil))
    }

    @Test func `without grace the old secret is refused at once`() {
        let (old, new) = (APIKey(), APIKey())
        var keys = set(old)
        keys.change(at: 0) { $0.rotate(to: new, grace: .zero, now: start) }

        #expect(keys.find(old, now: start) == .unknown)
    }

    @Test func `revoking ends every secret of a key`() {
        let (old, new) = (APIKey(), APIKey())
        var keys = set(old)
        keys.change(at: 0) { $0.rotate(to: new, grace: .seconds(60), now: start) }
        keys.change(at: 0) { $0.revoke(now: start) }

        #expect(keys.find(new, now: start) == .revoked)
        #expect(keys.find(old, now: start) != .good(keys.records[0], ends: start + .seconds(60)))
    }

    @Test func `what is written is read again, and holds no key`() throws {
        let (old, new) = (APIKey(), APIKey())
        var keys = set(old)
        keys.change(at: 0) { $0.rotate(to: new, grace: .seconds(60), now: start) }
        let bytes = keys.encoded
        let read = try KeySet(bytes)
        let text = String(decoding: bytes, as: UTF8.self)

        #expect(read.records == keys.records)
        #expect(read.find(old, now: start) == keys.find(old, now: start))
        #expect(!text.contains(new.reveal().dropFirst(5)) && !text.contains(old.reveal().dropFirst(5)))
    }

    @Test(arguments: ["", "[]", "{}", #"{"version":2,"keys":[]}"#, #"{"version":1,"keys":[{"id":"a"}]}"#])
    func `a file that is not whole is refused`(text: String) {
        #expect(throws: KeyFileMistake.self) { try KeySet(Array(text.utf8)) }
    }
}

struct CredentialTests {
    @Test func `Authorization counts before x-api-key, and that before apikey`() {
        let (first, second, third) = (APIKey(), APIKey(), APIKey())

        func shown(_ authorization: String?, _ xAPIKey: String?, _ apikey: String?) -> Credential {
            Credential(authorization: authorization, xAPIKey: xAPIKey, apikey: apikey)
        }
        #expect(shown("Bearer \(first.reveal())", second.reveal(), third.reveal()) == .key(first))
        #expect(shown("bearer  \(first.reveal())", nil, nil) == .key(first))
        #expect(shown("Basic \(first.reveal())", second.reveal(), third.reveal()) == .key(second))
        #expect(shown(nil, nil, third.reveal()) == .key(third))
        #expect(shown(nil, "", "") == .none)
        #expect(shown("Bearer a.b.c", nil, third.reveal()) == .token("a.b.c"))
        #expect(shown("Bearer wrong", nil, third.reveal()) == .foreign, "a good key does not hide a wrong one")
    }

    @Test func `a project's public key says nothing, a cut key of ours is wrong`() {
        #expect(Credential(authorization: nil, xAPIKey: nil, apikey: "sb_publishable_abc") == .none)
        #expect(Credential(authorization: "Bearer edge_abc", xAPIKey: nil, apikey: nil) == .brokenKey)
        #expect(
            Credential(authorization: String(repeating: "a", count: 9000), xAPIKey: nil, apikey: nil) == .none,
            "no scheme is no bearer"
        )
        #expect(Credential(authorization: nil, xAPIKey: String(repeating: ".", count: 9000), apikey: nil) == .foreign)
    }
}
