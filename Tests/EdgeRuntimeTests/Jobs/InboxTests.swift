import EdgeLoop
import JSON
import TestSupport
import Testing

@testable import EdgeRuntime

struct InboxRequestTests {
    @Test("A dropped file names a function and what it is asked", arguments: ["request", "input"])
    func forms(key: String) throws {
        let request = try InboxRequest(Array(#"{"function": "f", "\#(key)": {"a": 1}}"#.utf8))

        #expect(request.function == "f")
        #expect(request.fields == ["a": 1])
    }

    @Test(
        "Another file is refused with what is wrong",
        arguments: [
            ("", "empty"), ("{", "no JSON"), ("[]", "no object"), (#"{"request": {}}"#, "function"),
            (#"{"function": "f"}"#, "request"), (#"{"function": "f", "request": 1}"#, "request"),
            (#"{"function": "f", "request": {}, "input": {}}"#, "request"),
            (#"{"function": "f", "request": {}, "colour": 1}"#, "colour"),
        ]
    )
    func refused(text: String, word: String) {
        let mistake = #expect(throws: InboxRequest.Mistake.self) { try InboxRequest(Array(text.utf8)) }

        #expect(mistake?.description.contains(word) == true, "\(mistake?.description ?? "")")
    }
}

struct InboxTests {
    init() { TestLoop.start() }

    private static let request = #"{"function": "f", "request": {}}"#

    @LoopActor
    private final class Desk {
        let folder = TemporaryFolder()
        let state: StateDirectory
        var asked: [IdempotencyMark] = []
        var fates: [Inbox.Fate] = []
        var said: [String] = []

        init() async throws { state = try await StateDirectory(path: "\(folder.path)/state") }

        func inbox(settling: Duration = .seconds(2)) -> Inbox {
            Inbox(
                state: state,
                settling: settling,
                log: { [self] in said.append($1) },
                submit: { [self] file in
                    asked.append(file.mark)
                    return fates.isEmpty ? .accepted(job: "j") : fates.removeFirst()
                }
            )
        }

        func drop(_ text: String, _ name: String) { folder.write(text, to: "state/jobs/inbox/\(name)") }
        var left: [String] { filesIn("\(folder.path)/state/jobs/inbox").filter { $0 != "bad" } }
        var bad: [String] { folder.names(in: "state/jobs/inbox/bad") }
    }

    @Test @LoopActor func `files go when they are accepted, others are left alone, and names and contents are keys`()
        async throws
    {
        let desk = try await Desk()
        for name in ["b.json", "a.json", ".c.json", "d.tmp"] { desk.drop(Self.request, name) }
        let inbox = desk.inbox()

        inbox.start()
        await inbox.idle()
        desk.drop(Self.request, "a.json")
        inbox.look()
        await inbox.idle()
        inbox.stop()

        #expect(desk.left == [".c.json", "d.tmp"])
        #expect(desk.asked.count == 3)
        #expect(desk.asked[0] == desk.asked[2])
        #expect(desk.asked[0].key != desk.asked[1].key)
        #expect(desk.asked[0].body == desk.asked[1].body)
    }

    @Test @LoopActor func `a refused file is moved aside with its reason, and never in place of another one`()
        async throws
    {
        let desk = try await Desk()
        desk.fates = [.refused("no such thing"), .refused("again")]
        let inbox = desk.inbox()

        for _ in 0..<2 {
            desk.drop(Self.request, "a.json")
            inbox.look()
            await inbox.idle()
        }

        #expect(desk.left.isEmpty)
        #expect(desk.bad == ["a.2.json", "a.2.json.reason.txt", "a.json", "a.json.reason.txt"])
        #expect(desk.folder.read("state/jobs/inbox/bad/a.json.reason.txt") == "no such thing\n")
        #expect(desk.folder.read("state/jobs/inbox/bad/a.2.json.reason.txt") == "again\n")
    }

    @Test @LoopActor func `what cannot be accepted now stays, and holds back that function's files`() async throws {
        let desk = try await Desk()
        desk.fates = [.later("the disk is full", after: .seconds(300))]
        for name in ["a.json", "b.json"] { desk.drop(Self.request, name) }
        desk.drop(#"{"function": "g", "request": {}}"#, "c.json")
        let inbox = desk.inbox()

        inbox.look()
        await inbox.idle()
        let first = desk.left
        inbox.look()
        await inbox.idle()
        inbox.stop()

        #expect(first == ["a.json", "b.json"])
        #expect(desk.left.isEmpty)
        #expect(desk.said.contains { $0.contains("the disk is full") })
    }

    @Test @LoopActor func `a file that is not JSON yet may still be written`() async throws {
        let desk = try await Desk()
        desk.drop(#"{"function": "f", "req"#, "a.json")
        let inbox = desk.inbox(settling: .seconds(3600))

        inbox.look()
        await inbox.idle()
        let early = desk.left
        desk.drop(Self.request, "a.json")
        inbox.look()
        await inbox.idle()
        inbox.stop()

        #expect(early == ["a.json"])
        #expect(desk.left.isEmpty)
        #expect(desk.asked.count == 1)
        #expect(desk.bad.isEmpty)
    }
}
