import Testing

@testable import Digest

struct UUIDTextTests {
    @Test func `ids are valid, differ and rise`() {
        let ids = (0..<20_000).map { _ in UUIDText.version7() }

        #expect(ids.allSatisfy { UUIDText.isValid($0) })
        #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func `an id holds the time, the version and the variant`() {
        var sequence = UUIDSequence()

        let id = sequence.next(milliseconds: 0x0123_4567_89ab, random: [UInt8](repeating: 0xff, count: 10))

        #expect(id == "01234567-89ab-77ff-bfff-ffffffffffff")
    }

    @Test func `ids rise through a full counter and a clock set back`() {
        var sequence = UUIDSequence()
        let random = [UInt8](repeating: 0, count: 10)
        var last = sequence.next(milliseconds: 1000, random: random)

        for step in 0..<10_000 {
            let id = sequence.next(milliseconds: step < 5000 ? 1000 : 900, random: random)
            #expect(id > last)
            last = id
        }
    }

    @Test(
        "Other texts are not ids",
        arguments: [
            "", "x", "019a8e5c-4f2b-7c31-9f0e-2b1c5d8a7e6", "019a8e5c-4f2b-7c31-9f0e-2b1c5d8a7e644",
            "019A8E5C-4F2B-7C31-9F0E-2B1C5D8A7E64", "019a8e5c-4f2b-0c31-9f0e-2b1c5d8a7e64",
            "019a8e5c-4f2b-7c31-cf0e-2b1c5d8a7e64", "019a8e5c04f2b-7c31-9f0e-2b1c5d8a7e64",
            "../a8e5c-4f2b-7c31-9f0e-2b1c5d8a7e64", "00000000-0000-0000-0000-000000000000",
        ]
    )
    func refuses(text: String) {
        #expect(!UUIDText.isValid(text))
    }
}
