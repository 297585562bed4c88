import Secrets
import Testing

struct SecretValueTests {
    private struct Holder {
        let name = "KEY"
        let value = SecretValue("hunter2")
        let list = [SecretValue("hunter2")]
        let maybe: SecretValue? = SecretValue("hunter2")
    }

    @Test func `no way of making text of a secret shows it`() {
        let secret = SecretValue("hunter2")
        var texts = ["\(secret)", String(describing: secret), String(reflecting: secret), secret.description]
        texts += ["\(Holder())", String(reflecting: Holder()), "\([secret])", "\(["a": secret])", "\(secret as Any)"]
        var dumped = ""
        dump(Holder(), to: &dumped)
        texts.append(dumped)

        for text in texts {
            #expect(!text.contains("hunter2"))
            #expect(text.contains("[secret]"))
        }
    }

    @Test func `a mirror has no children`() {
        #expect(Mirror(reflecting: SecretValue("hunter2")).children.isEmpty)
    }

    @Test func `the value itself comes out by its two doors`() {
        let secret = SecretValue("h\u{FC}nter2")

        #expect(secret.reveal() == "h\u{FC}nter2")
        #expect(secret.withUTF8 { Array($0) } == Array("h\u{FC}nter2".utf8))
        #expect(secret.byteCount == 8)
        #expect(!secret.isEmpty)
    }
}
