import Digest
import EdgeLoop
import JSON
import TestSupport
import Testing

@testable import EdgeRuntime

struct IdempotencyKeyTests {
    @Test("A key may be quoted or bare", arguments: [#""8e03-978e""#, "8e03-978e"])
    func forms(field: String) throws {
        #expect(try IdempotencyKey.of([field])?.text == "8e03-978e")
    }

    @Test func `quotes in a quoted key are unescaped, and length counts what is inside`() throws {
        #expect(try IdempotencyKey.of([#""a\"b\\c""#])?.text == #"a"b\c"#)
        #expect(try IdempotencyKey.of(["\"\(String(repeating: "k", count: 255))\""])?.text.utf8.count == 255)
        #expect(try IdempotencyKey.of([]) == nil)
    }

    @Test(
        "What is no key is refused with 400",
        arguments: [
            [""], [#""""#], [#""open"#], [#""a" b"#], [#""a\"#], ["a\tb"], ["caf\u{e9}"], ["a", "b"],
            [String(repeating: "k", count: 256)],
        ]
    )
    func refused(fields: [String]) {
        let problem = #expect(throws: Problem.self) { try IdempotencyKey.of(fields) }

        #expect(problem?.status == 400)
        #expect(problem?.code == "bad_idempotency_key")
    }

    @Test func `keys of two functions, callers or parts are different keys, and a file gives a mark back`() throws {
        let mark = IdempotencyMark("k", function: "f", body: [[1], [2]])

        #expect(mark.key != IdempotencyMark("k", function: "g", body: [[1], [2]]).key)
        #expect(mark.key != IdempotencyMark("k", scope: "me", function: "f", body: [[1], [2]]).key)
        #expect(mark.key != IdempotencyMark("k", function: "f", part: 1, body: [[1], [2]]).key)
        #expect(mark.body != IdempotencyMark("k", function: "f", body: [[1, 2]]).body)
        #expect(IdempotencyMark(in: ["idempotency": mark.json]) == mark)
        #expect(IdempotencyMark(in: ["idempotency": ["key": "X", "body": "y"]]) == nil)
    }
}

struct IdempotencyIndexTests {
    init() { TestLoop.start() }

    private static func mark(_ key: String, _ body: UInt8 = 1) -> IdempotencyMark {
        IdempotencyMark(key, function: "f", body: [[body]])
    }

    @Test @LoopActor func `the second request with a key waits for the first one, and gets its job`() async throws {
        let index = IdempotencyIndex()
        let id = UUIDText.version7()
        let first = try await index.claim(Self.mark("k"))
        let second = Task { @LoopActor in try await index.claim(Self.mark("k")).known?.id }
        await Task.yield()

        first.settle(id)

        #expect(first.known == nil)
        #expect(try await second.value == id)
    }

    @Test @LoopActor func `a first request that led to no job leaves its key to the next one`() async throws {
        let index = IdempotencyIndex()
        let first = try await index.claim(Self.mark("k"))
        let second = Task { @LoopActor in try await index.claim(Self.mark("k")).known }
        await Task.yield()

        first.letGo()

        #expect(try await second.value == nil)
    }

    @Test @LoopActor func `another body is refused, while the first one runs and afterwards`() async throws {
        let index = IdempotencyIndex()
        let first = try await index.claim(Self.mark("k"))
        let early = await #expect(throws: Problem.self) { try await index.claim(Self.mark("k", 2)) }
        first.settle(UUIDText.version7())
        let late = await #expect(throws: Problem.self) { try await index.claim(Self.mark("k", 2)) }

        #expect(early?.status == 422)
        #expect(late?.code == "idempotency_key_reused")
    }

    @Test @LoopActor func `a request waits until the files are read, and finds what they tell`() async throws {
        let index = IdempotencyIndex()
        let (old, new) = (UUIDText.version7(), UUIDText.version7())
        index.load()
        let asked = Task { @LoopActor in try await index.claim(Self.mark("k")).known?.id }
        await Task.yield()
        index.note(Self.mark("k"), of: try #require(JobKey(new)))
        index.note(Self.mark("k"), of: try #require(JobKey(old)))

        index.loaded()

        #expect(try await asked.value == new, "the later job counts")
    }

    @Test @LoopActor func `beyond its bound the oldest ended jobs' keys go, and those of unfinished jobs stay`()
        async throws
    {
        let index = IdempotencyIndex(keysMax: 3)
        let ids = (0..<8).map { _ in UUIDText.version7() }
        index.isActive = { $0.id == ids[0] }
        for (number, id) in ids.enumerated() { try await index.claim(Self.mark("\(number)")).settle(id) }

        #expect(index.count == 3)
        #expect(try await index.claim(Self.mark("0")).known?.id == ids[0])
        #expect(try await index.claim(Self.mark("7")).known?.id == ids[7])
        let gone = try await index.claim(Self.mark("1"))
        #expect(gone.known == nil)
        gone.letGo()
    }

    @Test @LoopActor func `a job that is gone frees its key once`() async throws {
        let index = IdempotencyIndex()
        let id = UUIDText.version7()
        try await index.claim(Self.mark("k")).settle(id)
        let (one, other) = (try await index.claim(Self.mark("k")), try await index.claim(Self.mark("k")))

        #expect(one.takeOver())
        #expect(!other.takeOver())
        one.letGo()
        #expect(try await index.claim(Self.mark("k")).known == nil)
    }
}
